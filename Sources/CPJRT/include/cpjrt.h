// The part of the PJRT C API that is used: struct layouts and the order of functions as in the public header
// (xla/pjrt/c/pjrt_c_api.h, API 0.33 and later; minor versions only add fields and functions at the end).
//
// Every function takes one struct of arguments and returns an error or null. Structs begin with their own size, by which a
// plugin knows which fields its caller has.
#ifndef CPJRT_H
#define CPJRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Zeros for fields that later versions add: a plugin refuses a struct that is smaller than its own.
enum { BZ_PJRT_LATER = 16 };

typedef struct bz_pjrt_error bz_pjrt_error;
typedef bz_pjrt_error *(*bz_pjrt_function)(void *arguments);

// Places of the functions after the version.
enum {
  BZ_PJRT_ERROR_DESTROY = 0,
  BZ_PJRT_ERROR_MESSAGE = 1,
  BZ_PJRT_PLUGIN_INITIALIZE = 3,
  BZ_PJRT_PLUGIN_ATTRIBUTES = 4,
  BZ_PJRT_EVENT_DESTROY = 5,
  BZ_PJRT_EVENT_AWAIT = 8,
  BZ_PJRT_CLIENT_CREATE = 10,
  BZ_PJRT_CLIENT_DESTROY = 11,
  BZ_PJRT_CLIENT_PLATFORM_NAME = 12,
  BZ_PJRT_CLIENT_PLATFORM_VERSION = 14,
  BZ_PJRT_CLIENT_ADDRESSABLE_DEVICES = 16,
  BZ_PJRT_CLIENT_COMPILE = 20,
  BZ_PJRT_CLIENT_BUFFER_FROM_HOST = 22,
  BZ_PJRT_DESCRIPTION_KIND = 26,
  BZ_PJRT_DEVICE_DESCRIPTION = 29,
  BZ_PJRT_DEVICE_MEMORY_STATS = 34,
  BZ_PJRT_EXECUTABLE_DESTROY = 40,
  BZ_PJRT_EXECUTABLE_SERIALIZE = 49,
  BZ_PJRT_LOADED_DESTROY = 50,
  BZ_PJRT_LOADED_EXECUTABLE = 51,
  BZ_PJRT_LOADED_EXECUTE = 55,
  BZ_PJRT_EXECUTABLE_LOAD = 56,
  BZ_PJRT_BUFFER_DESTROY = 58,
  BZ_PJRT_BUFFER_TO_HOST = 70,
  BZ_PJRT_FUNCTIONS = 73,
};

typedef struct {
  size_t struct_size;
  void *extension;
  struct {
    size_t struct_size;
    void *extension;
    int major, minor;
  } version;
  bz_pjrt_function functions[BZ_PJRT_FUNCTIONS];
} bz_pjrt_api;

static inline bz_pjrt_error *bz_pjrt_call(const bz_pjrt_api *api, int function, void *arguments) {
  return api->functions[function](arguments);
}

typedef const bz_pjrt_api *(*bz_pjrt_entry)(void);
static inline const bz_pjrt_api *bz_pjrt_enter(void *symbol) { return ((bz_pjrt_entry)symbol)(); }

// Arguments of one object, which is freed, awaited or made.
typedef struct { size_t struct_size; void *extension; void *object; } bz_pjrt_object;
// Arguments that ask an object for a text.
typedef struct { size_t struct_size; void *extension; const void *object; const char *text; size_t size; } bz_pjrt_text;
// Arguments that ask an object for another.
typedef struct { size_t struct_size; void *extension; void *object; void *result; } bz_pjrt_part;

typedef struct { size_t struct_size; void *extension; } bz_pjrt_nothing;

typedef struct {
  size_t struct_size;
  void *extension;
  const char *name;
  size_t name_size;
  int type;
  union {
    const char *text;
    int64_t number;
    const int64_t *numbers;
    float real;
    bool truth;
  };
  size_t value_size;
} bz_pjrt_named;

typedef struct { size_t struct_size; void *extension; const bz_pjrt_named *attributes; size_t count; } bz_pjrt_attributes;

typedef struct {
  size_t struct_size;
  void *extension;
  const bz_pjrt_named *options;
  size_t count;
  void *get, *get_argument, *put, *put_argument;
  void *client;
  void *try_get, *try_get_argument;
  void *later[BZ_PJRT_LATER];
} bz_pjrt_client_create;

typedef struct { size_t struct_size; void *extension; void *client; void *const *devices; size_t count; } bz_pjrt_devices;

typedef struct {
  size_t struct_size;
  void *extension;
  char *code;
  size_t size;
  const char *format;
  size_t format_size;
} bz_pjrt_program;

typedef struct {
  size_t struct_size;
  void *extension;
  void *client;
  const bz_pjrt_program *program;
  const char *options;
  size_t options_size;
  void *executable;
  void *later[BZ_PJRT_LATER];
} bz_pjrt_compile;

enum { BZ_PJRT_F32 = 11 };
// The data is read while the call lasts.
enum { BZ_PJRT_ONLY_DURING_CALL = 0 };

typedef struct {
  size_t struct_size;
  void *extension;
  void *client;
  const void *data;
  int type;
  const int64_t *dimensions;
  size_t rank;
  const int64_t *strides;
  size_t stride_count;
  int semantics;
  void *device;
  void *memory;
  void *layout;
  void *done;
  void *buffer;
  void *later[BZ_PJRT_LATER];
} bz_pjrt_from_host;

typedef struct {
  size_t struct_size;
  void *extension;
  void *buffer;
  void *layout;
  void *target;
  size_t size;
  void *event;
  void *later[BZ_PJRT_LATER];
} bz_pjrt_to_host;

typedef struct {
  size_t struct_size;
  void *extension;
  void *send_callbacks, *receive_callbacks;
  size_t send_count, receive_count;
  int launch;
  const int64_t *kept;
  size_t kept_count;
  void *later[BZ_PJRT_LATER];
} bz_pjrt_execute_options;

typedef struct {
  size_t struct_size;
  void *extension;
  void *executable;
  bz_pjrt_execute_options *options;
  void *const *const *arguments;
  size_t device_count;
  size_t argument_count;
  void **const *results;
  void **done;
  void *device;
  void *later[BZ_PJRT_LATER];
} bz_pjrt_execute;

typedef struct {
  size_t struct_size;
  void *extension;
  const void *executable;
  const char *bytes;
  size_t size;
  void *owner;
  void (*deleter)(void *owner);
  void *later[BZ_PJRT_LATER];
} bz_pjrt_serialize;

typedef struct {
  size_t struct_size;
  void *extension;
  void *client;
  const char *bytes;
  size_t size;
  void *executable;
  void *later[BZ_PJRT_LATER];
} bz_pjrt_load;

typedef struct {
  size_t struct_size;
  void *extension;
  void *device;
  int64_t in_use;
  int64_t peak;
  bool has_peak;
  int64_t allocations;
  bool has_allocations;
  int64_t largest;
  bool has_largest;
  int64_t limit;
  bool has_limit;
  int64_t rest[16];
} bz_pjrt_memory;

#endif
