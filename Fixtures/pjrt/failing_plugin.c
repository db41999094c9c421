// A PJRT plugin that hands everything to another one until a file is there; from then on runs are refused by that plugin, in its
// own words, as they are when a device is lost.
//
//     cc -shared -fPIC -I Sources/CPJRT/include failing_plugin.c -o failing_plugin.so
//
// BEZOAR_TEST_PLUGIN names the other plugin, BEZOAR_TEST_LOST the file.
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpjrt.h"

static bz_pjrt_function execute;

static bz_pjrt_error *execute_or_fail(void *arguments) {
  bz_pjrt_execute *call = arguments;
  if (access(getenv("BEZOAR_TEST_LOST"), F_OK) == 0) call->argument_count = 0;
  return execute(call);
}

const bz_pjrt_api *GetPjrtApi(void) {
  void *library = dlopen(getenv("BEZOAR_TEST_PLUGIN"), RTLD_NOW | RTLD_LOCAL);
  void *entry = library ? dlsym(library, "GetPjrtApi") : NULL;
  if (!entry) return NULL;
  const bz_pjrt_api *inner = bz_pjrt_enter(entry);
  bz_pjrt_api *own = malloc(inner->struct_size);
  memcpy(own, inner, inner->struct_size);
  execute = own->functions[BZ_PJRT_LOADED_EXECUTE];
  own->functions[BZ_PJRT_LOADED_EXECUTE] = execute_or_fail;
  return own;
}
