// negate
module @bezoar {
  func.func public @main(%arg0: tensor<3x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>) {
    %0 = stablehlo.negate %arg0 : tensor<3x5xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x5xf32>
    %4 = stablehlo.negate %3 : tensor<3x5xf32>
    return %0, %4 : tensor<3x5xf32>, tensor<3x5xf32>
  }
}

// exponential
module @bezoar {
  func.func public @main(%arg0: tensor<2x7xf32>) -> (tensor<2x7xf32>, tensor<2x7xf32>) {
    %0 = stablehlo.exponential %arg0 : tensor<2x7xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<2x7xf32>
    %4 = stablehlo.multiply %3, %0 : tensor<2x7xf32>
    return %0, %4 : tensor<2x7xf32>, tensor<2x7xf32>
  }
}

// logarithm
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>) {
    %0 = stablehlo.log %arg0 : tensor<4x3xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x3xf32>
    %4 = stablehlo.divide %3, %arg0 : tensor<4x3xf32>
    return %0, %4 : tensor<4x3xf32>, tensor<4x3xf32>
  }
}

// squareRoot
module @bezoar {
  func.func public @main(%arg0: tensor<11xf32>) -> (tensor<11xf32>, tensor<11xf32>) {
    %0 = stablehlo.sqrt %arg0 : tensor<11xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0] : (tensor<1xf32>) -> tensor<11xf32>
    %4 = stablehlo.constant dense<2.0> : tensor<f32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [] : (tensor<f32>) -> tensor<11xf32>
    %6 = stablehlo.multiply %0, %5 : tensor<11xf32>
    %7 = stablehlo.divide %3, %6 : tensor<11xf32>
    return %0, %7 : tensor<11xf32>, tensor<11xf32>
  }
}

// reciprocal
module @bezoar {
  func.func public @main(%arg0: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
    %0 = stablehlo.constant dense<1.0> : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %2 = stablehlo.divide %1, %arg0 : tensor<2x3xf32>
    %3 = stablehlo.constant dense<1.0> : tensor<f32>
    %4 = stablehlo.reshape %3 : (tensor<f32>) -> tensor<1x1xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<2x3xf32>
    %6 = stablehlo.multiply %5, %2 : tensor<2x3xf32>
    %7 = stablehlo.multiply %6, %2 : tensor<2x3xf32>
    %8 = stablehlo.negate %7 : tensor<2x3xf32>
    return %2, %8 : tensor<2x3xf32>, tensor<2x3xf32>
  }
}

// relu
module @bezoar {
  func.func public @main(%arg0: tensor<3x3x3xf32>) -> (tensor<3x3x3xf32>, tensor<3x3x3xf32>) {
    %0 = stablehlo.constant dense<0.0> : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<3x3x3xf32>
    %2 = stablehlo.maximum %arg0, %1 : tensor<3x3x3xf32>
    %3 = stablehlo.constant dense<1.0> : tensor<f32>
    %4 = stablehlo.reshape %3 : (tensor<f32>) -> tensor<1x1x1xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1, 2] : (tensor<1x1x1xf32>) -> tensor<3x3x3xf32>
    %6 = stablehlo.constant dense<0.0> : tensor<f32>
    %7 = stablehlo.broadcast_in_dim %6, dims = [] : (tensor<f32>) -> tensor<3x3x3xf32>
    %8 = stablehlo.compare GT, %2, %7, FLOAT : (tensor<3x3x3xf32>, tensor<3x3x3xf32>) -> tensor<3x3x3xi1>
    %9 = stablehlo.convert %8 : (tensor<3x3x3xi1>) -> tensor<3x3x3xf32>
    %10 = stablehlo.multiply %5, %9 : tensor<3x3x3xf32>
    return %2, %10 : tensor<3x3x3xf32>, tensor<3x3x3xf32>
  }
}

// sign
module @bezoar {
  func.func public @main(%arg0: tensor<9xf32>) -> (tensor<9xf32>) {
    %0 = stablehlo.sign %arg0 : tensor<9xf32>
    return %0 : tensor<9xf32>
  }
}

// absolute
module @bezoar {
  func.func public @main(%arg0: tensor<9xf32>) -> (tensor<9xf32>, tensor<9xf32>) {
    %0 = stablehlo.abs %arg0 : tensor<9xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0] : (tensor<1xf32>) -> tensor<9xf32>
    %4 = stablehlo.sign %arg0 : tensor<9xf32>
    %5 = stablehlo.multiply %3, %4 : tensor<9xf32>
    return %0, %5 : tensor<9xf32>, tensor<9xf32>
  }
}

// errorFunction
module @bezoar {
  func.func public @main(%arg0: tensor<3x7xf32>) -> (tensor<3x7xf32>, tensor<3x7xf32>) {
    %0 = stablehlo.constant dense<4.0> : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %2 = stablehlo.minimum %arg0, %1 : tensor<3x7xf32>
    %3 = stablehlo.constant dense<-4.0> : tensor<f32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %5 = stablehlo.maximum %2, %4 : tensor<3x7xf32>
    %6 = stablehlo.multiply %5, %5 : tensor<3x7xf32>
    %7 = stablehlo.constant dense<1.974832457563025e-06> : tensor<f32>
    %8 = stablehlo.broadcast_in_dim %7, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %9 = stablehlo.multiply %8, %6 : tensor<3x7xf32>
    %10 = stablehlo.constant dense<0.0002880416577681899> : tensor<f32>
    %11 = stablehlo.broadcast_in_dim %10, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %12 = stablehlo.add %9, %11 : tensor<3x7xf32>
    %13 = stablehlo.multiply %12, %6 : tensor<3x7xf32>
    %14 = stablehlo.constant dense<0.004003646317869425> : tensor<f32>
    %15 = stablehlo.broadcast_in_dim %14, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %16 = stablehlo.add %13, %15 : tensor<3x7xf32>
    %17 = stablehlo.multiply %16, %6 : tensor<3x7xf32>
    %18 = stablehlo.constant dense<0.05346747860312462> : tensor<f32>
    %19 = stablehlo.broadcast_in_dim %18, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %20 = stablehlo.add %17, %19 : tensor<3x7xf32>
    %21 = stablehlo.multiply %20, %6 : tensor<3x7xf32>
    %22 = stablehlo.constant dense<0.19624896347522736> : tensor<f32>
    %23 = stablehlo.broadcast_in_dim %22, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %24 = stablehlo.add %21, %23 : tensor<3x7xf32>
    %25 = stablehlo.multiply %24, %6 : tensor<3x7xf32>
    %26 = stablehlo.constant dense<1.128378987312317> : tensor<f32>
    %27 = stablehlo.broadcast_in_dim %26, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %28 = stablehlo.add %25, %27 : tensor<3x7xf32>
    %29 = stablehlo.constant dense<3.7480898754438385e-05> : tensor<f32>
    %30 = stablehlo.broadcast_in_dim %29, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %31 = stablehlo.multiply %30, %6 : tensor<3x7xf32>
    %32 = stablehlo.constant dense<0.0012163604842498899> : tensor<f32>
    %33 = stablehlo.broadcast_in_dim %32, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %34 = stablehlo.add %31, %33 : tensor<3x7xf32>
    %35 = stablehlo.multiply %34, %6 : tensor<3x7xf32>
    %36 = stablehlo.constant dense<0.015444422140717506> : tensor<f32>
    %37 = stablehlo.broadcast_in_dim %36, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %38 = stablehlo.add %35, %37 : tensor<3x7xf32>
    %39 = stablehlo.multiply %38, %6 : tensor<3x7xf32>
    %40 = stablehlo.constant dense<0.11647642403841019> : tensor<f32>
    %41 = stablehlo.broadcast_in_dim %40, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %42 = stablehlo.add %39, %41 : tensor<3x7xf32>
    %43 = stablehlo.multiply %42, %6 : tensor<3x7xf32>
    %44 = stablehlo.constant dense<0.5072522759437561> : tensor<f32>
    %45 = stablehlo.broadcast_in_dim %44, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %46 = stablehlo.add %43, %45 : tensor<3x7xf32>
    %47 = stablehlo.multiply %46, %6 : tensor<3x7xf32>
    %48 = stablehlo.constant dense<1.0> : tensor<f32>
    %49 = stablehlo.broadcast_in_dim %48, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %50 = stablehlo.add %47, %49 : tensor<3x7xf32>
    %51 = stablehlo.multiply %5, %28 : tensor<3x7xf32>
    %52 = stablehlo.divide %51, %50 : tensor<3x7xf32>
    %53 = stablehlo.constant dense<1.0> : tensor<f32>
    %54 = stablehlo.broadcast_in_dim %53, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %55 = stablehlo.minimum %52, %54 : tensor<3x7xf32>
    %56 = stablehlo.constant dense<-1.0> : tensor<f32>
    %57 = stablehlo.broadcast_in_dim %56, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %58 = stablehlo.maximum %55, %57 : tensor<3x7xf32>
    %59 = stablehlo.constant dense<1.0> : tensor<f32>
    %60 = stablehlo.reshape %59 : (tensor<f32>) -> tensor<1x1xf32>
    %61 = stablehlo.broadcast_in_dim %60, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x7xf32>
    %62 = stablehlo.multiply %arg0, %arg0 : tensor<3x7xf32>
    %63 = stablehlo.negate %62 : tensor<3x7xf32>
    %64 = stablehlo.exponential %63 : tensor<3x7xf32>
    %65 = stablehlo.multiply %61, %64 : tensor<3x7xf32>
    %66 = stablehlo.constant dense<1.128379225730896> : tensor<f32>
    %67 = stablehlo.broadcast_in_dim %66, dims = [] : (tensor<f32>) -> tensor<3x7xf32>
    %68 = stablehlo.multiply %65, %67 : tensor<3x7xf32>
    return %58, %68 : tensor<3x7xf32>, tensor<3x7xf32>
  }
}

// errorFunction far out
module @bezoar {
  func.func public @main(%arg0: tensor<9xf32>) -> (tensor<9xf32>, tensor<9xf32>) {
    %0 = stablehlo.constant dense<4.0> : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %2 = stablehlo.minimum %arg0, %1 : tensor<9xf32>
    %3 = stablehlo.constant dense<-4.0> : tensor<f32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %5 = stablehlo.maximum %2, %4 : tensor<9xf32>
    %6 = stablehlo.multiply %5, %5 : tensor<9xf32>
    %7 = stablehlo.constant dense<1.974832457563025e-06> : tensor<f32>
    %8 = stablehlo.broadcast_in_dim %7, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %9 = stablehlo.multiply %8, %6 : tensor<9xf32>
    %10 = stablehlo.constant dense<0.0002880416577681899> : tensor<f32>
    %11 = stablehlo.broadcast_in_dim %10, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %12 = stablehlo.add %9, %11 : tensor<9xf32>
    %13 = stablehlo.multiply %12, %6 : tensor<9xf32>
    %14 = stablehlo.constant dense<0.004003646317869425> : tensor<f32>
    %15 = stablehlo.broadcast_in_dim %14, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %16 = stablehlo.add %13, %15 : tensor<9xf32>
    %17 = stablehlo.multiply %16, %6 : tensor<9xf32>
    %18 = stablehlo.constant dense<0.05346747860312462> : tensor<f32>
    %19 = stablehlo.broadcast_in_dim %18, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %20 = stablehlo.add %17, %19 : tensor<9xf32>
    %21 = stablehlo.multiply %20, %6 : tensor<9xf32>
    %22 = stablehlo.constant dense<0.19624896347522736> : tensor<f32>
    %23 = stablehlo.broadcast_in_dim %22, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %24 = stablehlo.add %21, %23 : tensor<9xf32>
    %25 = stablehlo.multiply %24, %6 : tensor<9xf32>
    %26 = stablehlo.constant dense<1.128378987312317> : tensor<f32>
    %27 = stablehlo.broadcast_in_dim %26, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %28 = stablehlo.add %25, %27 : tensor<9xf32>
    %29 = stablehlo.constant dense<3.7480898754438385e-05> : tensor<f32>
    %30 = stablehlo.broadcast_in_dim %29, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %31 = stablehlo.multiply %30, %6 : tensor<9xf32>
    %32 = stablehlo.constant dense<0.0012163604842498899> : tensor<f32>
    %33 = stablehlo.broadcast_in_dim %32, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %34 = stablehlo.add %31, %33 : tensor<9xf32>
    %35 = stablehlo.multiply %34, %6 : tensor<9xf32>
    %36 = stablehlo.constant dense<0.015444422140717506> : tensor<f32>
    %37 = stablehlo.broadcast_in_dim %36, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %38 = stablehlo.add %35, %37 : tensor<9xf32>
    %39 = stablehlo.multiply %38, %6 : tensor<9xf32>
    %40 = stablehlo.constant dense<0.11647642403841019> : tensor<f32>
    %41 = stablehlo.broadcast_in_dim %40, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %42 = stablehlo.add %39, %41 : tensor<9xf32>
    %43 = stablehlo.multiply %42, %6 : tensor<9xf32>
    %44 = stablehlo.constant dense<0.5072522759437561> : tensor<f32>
    %45 = stablehlo.broadcast_in_dim %44, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %46 = stablehlo.add %43, %45 : tensor<9xf32>
    %47 = stablehlo.multiply %46, %6 : tensor<9xf32>
    %48 = stablehlo.constant dense<1.0> : tensor<f32>
    %49 = stablehlo.broadcast_in_dim %48, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %50 = stablehlo.add %47, %49 : tensor<9xf32>
    %51 = stablehlo.multiply %5, %28 : tensor<9xf32>
    %52 = stablehlo.divide %51, %50 : tensor<9xf32>
    %53 = stablehlo.constant dense<1.0> : tensor<f32>
    %54 = stablehlo.broadcast_in_dim %53, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %55 = stablehlo.minimum %52, %54 : tensor<9xf32>
    %56 = stablehlo.constant dense<-1.0> : tensor<f32>
    %57 = stablehlo.broadcast_in_dim %56, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %58 = stablehlo.maximum %55, %57 : tensor<9xf32>
    %59 = stablehlo.constant dense<1.0> : tensor<f32>
    %60 = stablehlo.reshape %59 : (tensor<f32>) -> tensor<1xf32>
    %61 = stablehlo.broadcast_in_dim %60, dims = [0] : (tensor<1xf32>) -> tensor<9xf32>
    %62 = stablehlo.multiply %arg0, %arg0 : tensor<9xf32>
    %63 = stablehlo.negate %62 : tensor<9xf32>
    %64 = stablehlo.exponential %63 : tensor<9xf32>
    %65 = stablehlo.multiply %61, %64 : tensor<9xf32>
    %66 = stablehlo.constant dense<1.128379225730896> : tensor<f32>
    %67 = stablehlo.broadcast_in_dim %66, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %68 = stablehlo.multiply %65, %67 : tensor<9xf32>
    return %58, %68 : tensor<9xf32>, tensor<9xf32>
  }
}

// step
module @bezoar {
  func.func public @main(%arg0: tensor<9xf32>) -> (tensor<9xf32>) {
    %0 = stablehlo.constant dense<0.0> : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<9xf32>
    %2 = stablehlo.compare GT, %arg0, %1, FLOAT : (tensor<9xf32>, tensor<9xf32>) -> tensor<9xi1>
    %3 = stablehlo.convert %2 : (tensor<9xi1>) -> tensor<9xf32>
    return %3 : tensor<9xf32>
  }
}

// fused chain over blocks
module @bezoar {
  func.func public @main(%arg0: tensor<5001xf32>, %arg1: tensor<5001xf32>, %arg2: tensor<1xf32>) -> (tensor<5001xf32>, tensor<5001xf32>, tensor<5001xf32>, tensor<1xf32>) {
    %0 = stablehlo.multiply %arg0, %arg1 : tensor<5001xf32>
    %1 = stablehlo.constant dense<0.5> : tensor<f32>
    %2 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<f32>) -> tensor<5001xf32>
    %3 = stablehlo.add %0, %2 : tensor<5001xf32>
    %4 = stablehlo.broadcast_in_dim %arg2, dims = [0] : (tensor<1xf32>) -> tensor<5001xf32>
    %5 = stablehlo.multiply %3, %4 : tensor<5001xf32>
    %6 = stablehlo.subtract %5, %arg0 : tensor<5001xf32>
    %7 = stablehlo.constant dense<0.0> : tensor<f32>
    %8 = stablehlo.broadcast_in_dim %7, dims = [] : (tensor<f32>) -> tensor<5001xf32>
    %9 = stablehlo.maximum %6, %8 : tensor<5001xf32>
    %10 = stablehlo.constant dense<1.0> : tensor<f32>
    %11 = stablehlo.reshape %10 : (tensor<f32>) -> tensor<1xf32>
    %12 = stablehlo.broadcast_in_dim %11, dims = [0] : (tensor<1xf32>) -> tensor<5001xf32>
    %13 = stablehlo.constant dense<0.0> : tensor<f32>
    %14 = stablehlo.broadcast_in_dim %13, dims = [] : (tensor<f32>) -> tensor<5001xf32>
    %15 = stablehlo.compare GT, %9, %14, FLOAT : (tensor<5001xf32>, tensor<5001xf32>) -> tensor<5001xi1>
    %16 = stablehlo.convert %15 : (tensor<5001xi1>) -> tensor<5001xf32>
    %17 = stablehlo.multiply %12, %16 : tensor<5001xf32>
    %18 = stablehlo.negate %17 : tensor<5001xf32>
    %19 = stablehlo.broadcast_in_dim %arg2, dims = [0] : (tensor<1xf32>) -> tensor<5001xf32>
    %20 = stablehlo.multiply %17, %19 : tensor<5001xf32>
    %21 = stablehlo.multiply %17, %3 : tensor<5001xf32>
    %22 = stablehlo.constant dense<0.0> : tensor<f32>
    %23 = stablehlo.reduce(%21 init: %22) applies stablehlo.add across dimensions = [0] : (tensor<5001xf32>, tensor<f32>) -> tensor<f32>
    %24 = stablehlo.reshape %23 : (tensor<f32>) -> tensor<1xf32>
    %25 = stablehlo.multiply %20, %arg1 : tensor<5001xf32>
    %26 = stablehlo.multiply %20, %arg0 : tensor<5001xf32>
    %27 = stablehlo.add %18, %25 : tensor<5001xf32>
    return %9, %27, %26, %24 : tensor<5001xf32>, tensor<5001xf32>, tensor<5001xf32>, tensor<1xf32>
  }
}

// clamped
module @bezoar {
  func.func public @main(%arg0: tensor<40xf32>) -> (tensor<40xf32>, tensor<40xf32>) {
    %0 = stablehlo.constant dense<-1.0> : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<40xf32>
    %2 = stablehlo.maximum %arg0, %1 : tensor<40xf32>
    %3 = stablehlo.constant dense<1.0> : tensor<f32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [] : (tensor<f32>) -> tensor<40xf32>
    %5 = stablehlo.minimum %2, %4 : tensor<40xf32>
    %6 = stablehlo.reshape %3 : (tensor<f32>) -> tensor<1xf32>
    %7 = stablehlo.broadcast_in_dim %6, dims = [0] : (tensor<1xf32>) -> tensor<40xf32>
    %8 = stablehlo.compare EQ, %2, %5, FLOAT : (tensor<40xf32>, tensor<40xf32>) -> tensor<40xi1>
    %9 = stablehlo.convert %8 : (tensor<40xi1>) -> tensor<40xf32>
    %10 = stablehlo.multiply %7, %9 : tensor<40xf32>
    %11 = stablehlo.compare EQ, %arg0, %2, FLOAT : (tensor<40xf32>, tensor<40xf32>) -> tensor<40xi1>
    %12 = stablehlo.convert %11 : (tensor<40xi1>) -> tensor<40xf32>
    %13 = stablehlo.multiply %10, %12 : tensor<40xf32>
    return %5, %13 : tensor<40xf32>, tensor<40xf32>
  }
}

// scalar
module @bezoar {
  func.func public @main(%arg0: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
    %0 = stablehlo.multiply %arg0, %arg0 : tensor<f32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.add %0, %1 : tensor<f32>
    %3 = stablehlo.multiply %1, %arg0 : tensor<f32>
    %4 = stablehlo.add %3, %3 : tensor<f32>
    return %2, %4 : tensor<f32>, tensor<f32>
  }
}

// add same
module @bezoar {
  func.func public @main(%arg0: tensor<3x5xf32>, %arg1: tensor<3x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>) {
    %0 = stablehlo.add %arg0, %arg1 : tensor<3x5xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x5xf32>
    return %0, %3, %3 : tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>
  }
}

// add row
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<3xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<3xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<3xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.add %arg0, %0 : tensor<4x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x3xf32>
    %5 = stablehlo.constant dense<0.0> : tensor<f32>
    %6 = stablehlo.reduce(%4 init: %5) applies stablehlo.add across dimensions = [0] : (tensor<4x3xf32>, tensor<f32>) -> tensor<3xf32>
    %7 = stablehlo.reshape %6 : (tensor<3xf32>) -> tensor<1x3xf32>
    %8 = stablehlo.reshape %7 : (tensor<1x3xf32>) -> tensor<3xf32>
    return %1, %4, %8 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<3xf32>
  }
}

// add column
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<4x1xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x1xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.add %arg0, %0 : tensor<4x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x3xf32>
    %5 = stablehlo.constant dense<0.0> : tensor<f32>
    %6 = stablehlo.reduce(%4 init: %5) applies stablehlo.add across dimensions = [1] : (tensor<4x3xf32>, tensor<f32>) -> tensor<4xf32>
    %7 = stablehlo.reshape %6 : (tensor<4xf32>) -> tensor<4x1xf32>
    return %1, %4, %7 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x1xf32>
  }
}

// add scalar
module @bezoar {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<f32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %1 = stablehlo.add %arg0, %0 : tensor<2x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<2x3xf32>
    %5 = stablehlo.constant dense<0.0> : tensor<f32>
    %6 = stablehlo.reduce(%4 init: %5) applies stablehlo.add across dimensions = [0, 1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<f32>
    %7 = stablehlo.reshape %6 : (tensor<f32>) -> tensor<1x1xf32>
    %8 = stablehlo.reshape %7 : (tensor<1x1xf32>) -> tensor<f32>
    return %1, %4, %8 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>
  }
}

// add outer
module @bezoar {
  func.func public @main(%arg0: tensor<4x1xf32>, %arg1: tensor<1x5xf32>) -> (tensor<4x5xf32>, tensor<4x1xf32>, tensor<1x5xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x5xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<1x5xf32>) -> tensor<4x5xf32>
    %2 = stablehlo.add %0, %1 : tensor<4x5xf32>
    %3 = stablehlo.constant dense<1.0> : tensor<f32>
    %4 = stablehlo.reshape %3 : (tensor<f32>) -> tensor<1x1xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x5xf32>
    %6 = stablehlo.constant dense<0.0> : tensor<f32>
    %7 = stablehlo.reduce(%5 init: %6) applies stablehlo.add across dimensions = [1] : (tensor<4x5xf32>, tensor<f32>) -> tensor<4xf32>
    %8 = stablehlo.reshape %7 : (tensor<4xf32>) -> tensor<4x1xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%5 init: %9) applies stablehlo.add across dimensions = [0] : (tensor<4x5xf32>, tensor<f32>) -> tensor<5xf32>
    %11 = stablehlo.reshape %10 : (tensor<5xf32>) -> tensor<1x5xf32>
    return %2, %8, %11 : tensor<4x5xf32>, tensor<4x1xf32>, tensor<1x5xf32>
  }
}

// add middle
module @bezoar {
  func.func public @main(%arg0: tensor<2x3x5x7xf32>, %arg1: tensor<2x1x1x7xf32>) -> (tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>, tensor<2x1x1x7xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1, 2, 3] : (tensor<2x1x1x7xf32>) -> tensor<2x3x5x7xf32>
    %1 = stablehlo.add %arg0, %0 : tensor<2x3x5x7xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x3x5x7xf32>
    %5 = stablehlo.constant dense<0.0> : tensor<f32>
    %6 = stablehlo.reduce(%4 init: %5) applies stablehlo.add across dimensions = [1, 2] : (tensor<2x3x5x7xf32>, tensor<f32>) -> tensor<2x7xf32>
    %7 = stablehlo.reshape %6 : (tensor<2x7xf32>) -> tensor<2x1x1x7xf32>
    return %1, %4, %7 : tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>, tensor<2x1x1x7xf32>
  }
}

// add left
module @bezoar {
  func.func public @main(%arg0: tensor<7xf32>, %arg1: tensor<3x7xf32>) -> (tensor<3x7xf32>, tensor<7xf32>, tensor<3x7xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [1] : (tensor<7xf32>) -> tensor<3x7xf32>
    %1 = stablehlo.add %0, %arg1 : tensor<3x7xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x7xf32>
    %5 = stablehlo.constant dense<0.0> : tensor<f32>
    %6 = stablehlo.reduce(%4 init: %5) applies stablehlo.add across dimensions = [0] : (tensor<3x7xf32>, tensor<f32>) -> tensor<7xf32>
    %7 = stablehlo.reshape %6 : (tensor<7xf32>) -> tensor<1x7xf32>
    %8 = stablehlo.reshape %7 : (tensor<1x7xf32>) -> tensor<7xf32>
    return %1, %8, %4 : tensor<3x7xf32>, tensor<7xf32>, tensor<3x7xf32>
  }
}

// add long rows
module @bezoar {
  func.func public @main(%arg0: tensor<3x2100xf32>, %arg1: tensor<3x1xf32>) -> (tensor<3x2100xf32>, tensor<3x2100xf32>, tensor<3x1xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x2100xf32>
    %1 = stablehlo.add %arg0, %0 : tensor<3x2100xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x2100xf32>
    %5 = stablehlo.constant dense<0.0> : tensor<f32>
    %6 = stablehlo.reduce(%4 init: %5) applies stablehlo.add across dimensions = [1] : (tensor<3x2100xf32>, tensor<f32>) -> tensor<3xf32>
    %7 = stablehlo.reshape %6 : (tensor<3xf32>) -> tensor<3x1xf32>
    return %1, %4, %7 : tensor<3x2100xf32>, tensor<3x2100xf32>, tensor<3x1xf32>
  }
}

// subtract same
module @bezoar {
  func.func public @main(%arg0: tensor<3x5xf32>, %arg1: tensor<3x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>) {
    %0 = stablehlo.subtract %arg0, %arg1 : tensor<3x5xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x5xf32>
    %4 = stablehlo.negate %3 : tensor<3x5xf32>
    return %0, %3, %4 : tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>
  }
}

// subtract row
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<3xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<3xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<3xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.subtract %arg0, %0 : tensor<4x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x3xf32>
    %5 = stablehlo.negate %4 : tensor<4x3xf32>
    %6 = stablehlo.constant dense<0.0> : tensor<f32>
    %7 = stablehlo.reduce(%5 init: %6) applies stablehlo.add across dimensions = [0] : (tensor<4x3xf32>, tensor<f32>) -> tensor<3xf32>
    %8 = stablehlo.reshape %7 : (tensor<3xf32>) -> tensor<1x3xf32>
    %9 = stablehlo.reshape %8 : (tensor<1x3xf32>) -> tensor<3xf32>
    return %1, %4, %9 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<3xf32>
  }
}

// subtract column
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<4x1xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x1xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.subtract %arg0, %0 : tensor<4x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x3xf32>
    %5 = stablehlo.negate %4 : tensor<4x3xf32>
    %6 = stablehlo.constant dense<0.0> : tensor<f32>
    %7 = stablehlo.reduce(%5 init: %6) applies stablehlo.add across dimensions = [1] : (tensor<4x3xf32>, tensor<f32>) -> tensor<4xf32>
    %8 = stablehlo.reshape %7 : (tensor<4xf32>) -> tensor<4x1xf32>
    return %1, %4, %8 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x1xf32>
  }
}

// subtract scalar
module @bezoar {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<f32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %1 = stablehlo.subtract %arg0, %0 : tensor<2x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<2x3xf32>
    %5 = stablehlo.negate %4 : tensor<2x3xf32>
    %6 = stablehlo.constant dense<0.0> : tensor<f32>
    %7 = stablehlo.reduce(%5 init: %6) applies stablehlo.add across dimensions = [0, 1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<f32>
    %8 = stablehlo.reshape %7 : (tensor<f32>) -> tensor<1x1xf32>
    %9 = stablehlo.reshape %8 : (tensor<1x1xf32>) -> tensor<f32>
    return %1, %4, %9 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>
  }
}

// subtract outer
module @bezoar {
  func.func public @main(%arg0: tensor<4x1xf32>, %arg1: tensor<1x5xf32>) -> (tensor<4x5xf32>, tensor<4x1xf32>, tensor<1x5xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x5xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<1x5xf32>) -> tensor<4x5xf32>
    %2 = stablehlo.subtract %0, %1 : tensor<4x5xf32>
    %3 = stablehlo.constant dense<1.0> : tensor<f32>
    %4 = stablehlo.reshape %3 : (tensor<f32>) -> tensor<1x1xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x5xf32>
    %6 = stablehlo.negate %5 : tensor<4x5xf32>
    %7 = stablehlo.constant dense<0.0> : tensor<f32>
    %8 = stablehlo.reduce(%5 init: %7) applies stablehlo.add across dimensions = [1] : (tensor<4x5xf32>, tensor<f32>) -> tensor<4xf32>
    %9 = stablehlo.reshape %8 : (tensor<4xf32>) -> tensor<4x1xf32>
    %10 = stablehlo.constant dense<0.0> : tensor<f32>
    %11 = stablehlo.reduce(%6 init: %10) applies stablehlo.add across dimensions = [0] : (tensor<4x5xf32>, tensor<f32>) -> tensor<5xf32>
    %12 = stablehlo.reshape %11 : (tensor<5xf32>) -> tensor<1x5xf32>
    return %2, %9, %12 : tensor<4x5xf32>, tensor<4x1xf32>, tensor<1x5xf32>
  }
}

// subtract middle
module @bezoar {
  func.func public @main(%arg0: tensor<2x3x5x7xf32>, %arg1: tensor<2x1x1x7xf32>) -> (tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>, tensor<2x1x1x7xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1, 2, 3] : (tensor<2x1x1x7xf32>) -> tensor<2x3x5x7xf32>
    %1 = stablehlo.subtract %arg0, %0 : tensor<2x3x5x7xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x3x5x7xf32>
    %5 = stablehlo.negate %4 : tensor<2x3x5x7xf32>
    %6 = stablehlo.constant dense<0.0> : tensor<f32>
    %7 = stablehlo.reduce(%5 init: %6) applies stablehlo.add across dimensions = [1, 2] : (tensor<2x3x5x7xf32>, tensor<f32>) -> tensor<2x7xf32>
    %8 = stablehlo.reshape %7 : (tensor<2x7xf32>) -> tensor<2x1x1x7xf32>
    return %1, %4, %8 : tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>, tensor<2x1x1x7xf32>
  }
}

// subtract left
module @bezoar {
  func.func public @main(%arg0: tensor<7xf32>, %arg1: tensor<3x7xf32>) -> (tensor<3x7xf32>, tensor<7xf32>, tensor<3x7xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [1] : (tensor<7xf32>) -> tensor<3x7xf32>
    %1 = stablehlo.subtract %0, %arg1 : tensor<3x7xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x7xf32>
    %5 = stablehlo.negate %4 : tensor<3x7xf32>
    %6 = stablehlo.constant dense<0.0> : tensor<f32>
    %7 = stablehlo.reduce(%4 init: %6) applies stablehlo.add across dimensions = [0] : (tensor<3x7xf32>, tensor<f32>) -> tensor<7xf32>
    %8 = stablehlo.reshape %7 : (tensor<7xf32>) -> tensor<1x7xf32>
    %9 = stablehlo.reshape %8 : (tensor<1x7xf32>) -> tensor<7xf32>
    return %1, %9, %5 : tensor<3x7xf32>, tensor<7xf32>, tensor<3x7xf32>
  }
}

// subtract long rows
module @bezoar {
  func.func public @main(%arg0: tensor<3x2100xf32>, %arg1: tensor<3x1xf32>) -> (tensor<3x2100xf32>, tensor<3x2100xf32>, tensor<3x1xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x2100xf32>
    %1 = stablehlo.subtract %arg0, %0 : tensor<3x2100xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x2100xf32>
    %5 = stablehlo.negate %4 : tensor<3x2100xf32>
    %6 = stablehlo.constant dense<0.0> : tensor<f32>
    %7 = stablehlo.reduce(%5 init: %6) applies stablehlo.add across dimensions = [1] : (tensor<3x2100xf32>, tensor<f32>) -> tensor<3xf32>
    %8 = stablehlo.reshape %7 : (tensor<3xf32>) -> tensor<3x1xf32>
    return %1, %4, %8 : tensor<3x2100xf32>, tensor<3x2100xf32>, tensor<3x1xf32>
  }
}

// multiply same
module @bezoar {
  func.func public @main(%arg0: tensor<3x5xf32>, %arg1: tensor<3x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>) {
    %0 = stablehlo.multiply %arg0, %arg1 : tensor<3x5xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x5xf32>
    %4 = stablehlo.multiply %3, %arg1 : tensor<3x5xf32>
    %5 = stablehlo.multiply %3, %arg0 : tensor<3x5xf32>
    return %0, %4, %5 : tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>
  }
}

// multiply row
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<3xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<3xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<3xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.multiply %arg0, %0 : tensor<4x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x3xf32>
    %5 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<3xf32>) -> tensor<4x3xf32>
    %6 = stablehlo.multiply %4, %5 : tensor<4x3xf32>
    %7 = stablehlo.multiply %4, %arg0 : tensor<4x3xf32>
    %8 = stablehlo.constant dense<0.0> : tensor<f32>
    %9 = stablehlo.reduce(%7 init: %8) applies stablehlo.add across dimensions = [0] : (tensor<4x3xf32>, tensor<f32>) -> tensor<3xf32>
    %10 = stablehlo.reshape %9 : (tensor<3xf32>) -> tensor<1x3xf32>
    %11 = stablehlo.reshape %10 : (tensor<1x3xf32>) -> tensor<3xf32>
    return %1, %6, %11 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<3xf32>
  }
}

// multiply column
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<4x1xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x1xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.multiply %arg0, %0 : tensor<4x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x3xf32>
    %5 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x3xf32>
    %6 = stablehlo.multiply %4, %5 : tensor<4x3xf32>
    %7 = stablehlo.multiply %4, %arg0 : tensor<4x3xf32>
    %8 = stablehlo.constant dense<0.0> : tensor<f32>
    %9 = stablehlo.reduce(%7 init: %8) applies stablehlo.add across dimensions = [1] : (tensor<4x3xf32>, tensor<f32>) -> tensor<4xf32>
    %10 = stablehlo.reshape %9 : (tensor<4xf32>) -> tensor<4x1xf32>
    return %1, %6, %10 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x1xf32>
  }
}

// multiply scalar
module @bezoar {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<f32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %1 = stablehlo.multiply %arg0, %0 : tensor<2x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<2x3xf32>
    %5 = stablehlo.broadcast_in_dim %arg1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %6 = stablehlo.multiply %4, %5 : tensor<2x3xf32>
    %7 = stablehlo.multiply %4, %arg0 : tensor<2x3xf32>
    %8 = stablehlo.constant dense<0.0> : tensor<f32>
    %9 = stablehlo.reduce(%7 init: %8) applies stablehlo.add across dimensions = [0, 1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<f32>
    %10 = stablehlo.reshape %9 : (tensor<f32>) -> tensor<1x1xf32>
    %11 = stablehlo.reshape %10 : (tensor<1x1xf32>) -> tensor<f32>
    return %1, %6, %11 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>
  }
}

// multiply outer
module @bezoar {
  func.func public @main(%arg0: tensor<4x1xf32>, %arg1: tensor<1x5xf32>) -> (tensor<4x5xf32>, tensor<4x1xf32>, tensor<1x5xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x5xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<1x5xf32>) -> tensor<4x5xf32>
    %2 = stablehlo.multiply %0, %1 : tensor<4x5xf32>
    %3 = stablehlo.constant dense<1.0> : tensor<f32>
    %4 = stablehlo.reshape %3 : (tensor<f32>) -> tensor<1x1xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x5xf32>
    %6 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<1x5xf32>) -> tensor<4x5xf32>
    %7 = stablehlo.multiply %5, %6 : tensor<4x5xf32>
    %8 = stablehlo.broadcast_in_dim %arg0, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x5xf32>
    %9 = stablehlo.multiply %5, %8 : tensor<4x5xf32>
    %10 = stablehlo.constant dense<0.0> : tensor<f32>
    %11 = stablehlo.reduce(%7 init: %10) applies stablehlo.add across dimensions = [1] : (tensor<4x5xf32>, tensor<f32>) -> tensor<4xf32>
    %12 = stablehlo.reshape %11 : (tensor<4xf32>) -> tensor<4x1xf32>
    %13 = stablehlo.constant dense<0.0> : tensor<f32>
    %14 = stablehlo.reduce(%9 init: %13) applies stablehlo.add across dimensions = [0] : (tensor<4x5xf32>, tensor<f32>) -> tensor<5xf32>
    %15 = stablehlo.reshape %14 : (tensor<5xf32>) -> tensor<1x5xf32>
    return %2, %12, %15 : tensor<4x5xf32>, tensor<4x1xf32>, tensor<1x5xf32>
  }
}

// multiply middle
module @bezoar {
  func.func public @main(%arg0: tensor<2x3x5x7xf32>, %arg1: tensor<2x1x1x7xf32>) -> (tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>, tensor<2x1x1x7xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1, 2, 3] : (tensor<2x1x1x7xf32>) -> tensor<2x3x5x7xf32>
    %1 = stablehlo.multiply %arg0, %0 : tensor<2x3x5x7xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x3x5x7xf32>
    %5 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1, 2, 3] : (tensor<2x1x1x7xf32>) -> tensor<2x3x5x7xf32>
    %6 = stablehlo.multiply %4, %5 : tensor<2x3x5x7xf32>
    %7 = stablehlo.multiply %4, %arg0 : tensor<2x3x5x7xf32>
    %8 = stablehlo.constant dense<0.0> : tensor<f32>
    %9 = stablehlo.reduce(%7 init: %8) applies stablehlo.add across dimensions = [1, 2] : (tensor<2x3x5x7xf32>, tensor<f32>) -> tensor<2x7xf32>
    %10 = stablehlo.reshape %9 : (tensor<2x7xf32>) -> tensor<2x1x1x7xf32>
    return %1, %6, %10 : tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>, tensor<2x1x1x7xf32>
  }
}

// multiply left
module @bezoar {
  func.func public @main(%arg0: tensor<7xf32>, %arg1: tensor<3x7xf32>) -> (tensor<3x7xf32>, tensor<7xf32>, tensor<3x7xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [1] : (tensor<7xf32>) -> tensor<3x7xf32>
    %1 = stablehlo.multiply %0, %arg1 : tensor<3x7xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x7xf32>
    %5 = stablehlo.multiply %4, %arg1 : tensor<3x7xf32>
    %6 = stablehlo.broadcast_in_dim %arg0, dims = [1] : (tensor<7xf32>) -> tensor<3x7xf32>
    %7 = stablehlo.multiply %4, %6 : tensor<3x7xf32>
    %8 = stablehlo.constant dense<0.0> : tensor<f32>
    %9 = stablehlo.reduce(%5 init: %8) applies stablehlo.add across dimensions = [0] : (tensor<3x7xf32>, tensor<f32>) -> tensor<7xf32>
    %10 = stablehlo.reshape %9 : (tensor<7xf32>) -> tensor<1x7xf32>
    %11 = stablehlo.reshape %10 : (tensor<1x7xf32>) -> tensor<7xf32>
    return %1, %11, %7 : tensor<3x7xf32>, tensor<7xf32>, tensor<3x7xf32>
  }
}

// multiply long rows
module @bezoar {
  func.func public @main(%arg0: tensor<3x2100xf32>, %arg1: tensor<3x1xf32>) -> (tensor<3x2100xf32>, tensor<3x2100xf32>, tensor<3x1xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x2100xf32>
    %1 = stablehlo.multiply %arg0, %0 : tensor<3x2100xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x2100xf32>
    %5 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x2100xf32>
    %6 = stablehlo.multiply %4, %5 : tensor<3x2100xf32>
    %7 = stablehlo.multiply %4, %arg0 : tensor<3x2100xf32>
    %8 = stablehlo.constant dense<0.0> : tensor<f32>
    %9 = stablehlo.reduce(%7 init: %8) applies stablehlo.add across dimensions = [1] : (tensor<3x2100xf32>, tensor<f32>) -> tensor<3xf32>
    %10 = stablehlo.reshape %9 : (tensor<3xf32>) -> tensor<3x1xf32>
    return %1, %6, %10 : tensor<3x2100xf32>, tensor<3x2100xf32>, tensor<3x1xf32>
  }
}

// divide same
module @bezoar {
  func.func public @main(%arg0: tensor<3x5xf32>, %arg1: tensor<3x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>) {
    %0 = stablehlo.divide %arg0, %arg1 : tensor<3x5xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x5xf32>
    %4 = stablehlo.divide %3, %arg1 : tensor<3x5xf32>
    %5 = stablehlo.multiply %3, %0 : tensor<3x5xf32>
    %6 = stablehlo.divide %5, %arg1 : tensor<3x5xf32>
    %7 = stablehlo.negate %6 : tensor<3x5xf32>
    return %0, %4, %7 : tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>
  }
}

// divide row
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<3xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<3xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<3xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.divide %arg0, %0 : tensor<4x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x3xf32>
    %5 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<3xf32>) -> tensor<4x3xf32>
    %6 = stablehlo.divide %4, %5 : tensor<4x3xf32>
    %7 = stablehlo.multiply %4, %1 : tensor<4x3xf32>
    %8 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<3xf32>) -> tensor<4x3xf32>
    %9 = stablehlo.divide %7, %8 : tensor<4x3xf32>
    %10 = stablehlo.negate %9 : tensor<4x3xf32>
    %11 = stablehlo.constant dense<0.0> : tensor<f32>
    %12 = stablehlo.reduce(%10 init: %11) applies stablehlo.add across dimensions = [0] : (tensor<4x3xf32>, tensor<f32>) -> tensor<3xf32>
    %13 = stablehlo.reshape %12 : (tensor<3xf32>) -> tensor<1x3xf32>
    %14 = stablehlo.reshape %13 : (tensor<1x3xf32>) -> tensor<3xf32>
    return %1, %6, %14 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<3xf32>
  }
}

// divide column
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<4x1xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x1xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.divide %arg0, %0 : tensor<4x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x3xf32>
    %5 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x3xf32>
    %6 = stablehlo.divide %4, %5 : tensor<4x3xf32>
    %7 = stablehlo.multiply %4, %1 : tensor<4x3xf32>
    %8 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x3xf32>
    %9 = stablehlo.divide %7, %8 : tensor<4x3xf32>
    %10 = stablehlo.negate %9 : tensor<4x3xf32>
    %11 = stablehlo.constant dense<0.0> : tensor<f32>
    %12 = stablehlo.reduce(%10 init: %11) applies stablehlo.add across dimensions = [1] : (tensor<4x3xf32>, tensor<f32>) -> tensor<4xf32>
    %13 = stablehlo.reshape %12 : (tensor<4xf32>) -> tensor<4x1xf32>
    return %1, %6, %13 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x1xf32>
  }
}

// divide scalar
module @bezoar {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<f32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %1 = stablehlo.divide %arg0, %0 : tensor<2x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<2x3xf32>
    %5 = stablehlo.broadcast_in_dim %arg1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %6 = stablehlo.divide %4, %5 : tensor<2x3xf32>
    %7 = stablehlo.multiply %4, %1 : tensor<2x3xf32>
    %8 = stablehlo.broadcast_in_dim %arg1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %9 = stablehlo.divide %7, %8 : tensor<2x3xf32>
    %10 = stablehlo.negate %9 : tensor<2x3xf32>
    %11 = stablehlo.constant dense<0.0> : tensor<f32>
    %12 = stablehlo.reduce(%10 init: %11) applies stablehlo.add across dimensions = [0, 1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<f32>
    %13 = stablehlo.reshape %12 : (tensor<f32>) -> tensor<1x1xf32>
    %14 = stablehlo.reshape %13 : (tensor<1x1xf32>) -> tensor<f32>
    return %1, %6, %14 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>
  }
}

// divide outer
module @bezoar {
  func.func public @main(%arg0: tensor<4x1xf32>, %arg1: tensor<1x5xf32>) -> (tensor<4x5xf32>, tensor<4x1xf32>, tensor<1x5xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x5xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<1x5xf32>) -> tensor<4x5xf32>
    %2 = stablehlo.divide %0, %1 : tensor<4x5xf32>
    %3 = stablehlo.constant dense<1.0> : tensor<f32>
    %4 = stablehlo.reshape %3 : (tensor<f32>) -> tensor<1x1xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x5xf32>
    %6 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<1x5xf32>) -> tensor<4x5xf32>
    %7 = stablehlo.divide %5, %6 : tensor<4x5xf32>
    %8 = stablehlo.multiply %5, %2 : tensor<4x5xf32>
    %9 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<1x5xf32>) -> tensor<4x5xf32>
    %10 = stablehlo.divide %8, %9 : tensor<4x5xf32>
    %11 = stablehlo.negate %10 : tensor<4x5xf32>
    %12 = stablehlo.constant dense<0.0> : tensor<f32>
    %13 = stablehlo.reduce(%7 init: %12) applies stablehlo.add across dimensions = [1] : (tensor<4x5xf32>, tensor<f32>) -> tensor<4xf32>
    %14 = stablehlo.reshape %13 : (tensor<4xf32>) -> tensor<4x1xf32>
    %15 = stablehlo.constant dense<0.0> : tensor<f32>
    %16 = stablehlo.reduce(%11 init: %15) applies stablehlo.add across dimensions = [0] : (tensor<4x5xf32>, tensor<f32>) -> tensor<5xf32>
    %17 = stablehlo.reshape %16 : (tensor<5xf32>) -> tensor<1x5xf32>
    return %2, %14, %17 : tensor<4x5xf32>, tensor<4x1xf32>, tensor<1x5xf32>
  }
}

// divide middle
module @bezoar {
  func.func public @main(%arg0: tensor<2x3x5x7xf32>, %arg1: tensor<2x1x1x7xf32>) -> (tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>, tensor<2x1x1x7xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1, 2, 3] : (tensor<2x1x1x7xf32>) -> tensor<2x3x5x7xf32>
    %1 = stablehlo.divide %arg0, %0 : tensor<2x3x5x7xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x3x5x7xf32>
    %5 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1, 2, 3] : (tensor<2x1x1x7xf32>) -> tensor<2x3x5x7xf32>
    %6 = stablehlo.divide %4, %5 : tensor<2x3x5x7xf32>
    %7 = stablehlo.multiply %4, %1 : tensor<2x3x5x7xf32>
    %8 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1, 2, 3] : (tensor<2x1x1x7xf32>) -> tensor<2x3x5x7xf32>
    %9 = stablehlo.divide %7, %8 : tensor<2x3x5x7xf32>
    %10 = stablehlo.negate %9 : tensor<2x3x5x7xf32>
    %11 = stablehlo.constant dense<0.0> : tensor<f32>
    %12 = stablehlo.reduce(%10 init: %11) applies stablehlo.add across dimensions = [1, 2] : (tensor<2x3x5x7xf32>, tensor<f32>) -> tensor<2x7xf32>
    %13 = stablehlo.reshape %12 : (tensor<2x7xf32>) -> tensor<2x1x1x7xf32>
    return %1, %6, %13 : tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>, tensor<2x1x1x7xf32>
  }
}

// divide left
module @bezoar {
  func.func public @main(%arg0: tensor<7xf32>, %arg1: tensor<3x7xf32>) -> (tensor<3x7xf32>, tensor<7xf32>, tensor<3x7xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [1] : (tensor<7xf32>) -> tensor<3x7xf32>
    %1 = stablehlo.divide %0, %arg1 : tensor<3x7xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x7xf32>
    %5 = stablehlo.divide %4, %arg1 : tensor<3x7xf32>
    %6 = stablehlo.multiply %4, %1 : tensor<3x7xf32>
    %7 = stablehlo.divide %6, %arg1 : tensor<3x7xf32>
    %8 = stablehlo.negate %7 : tensor<3x7xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%5 init: %9) applies stablehlo.add across dimensions = [0] : (tensor<3x7xf32>, tensor<f32>) -> tensor<7xf32>
    %11 = stablehlo.reshape %10 : (tensor<7xf32>) -> tensor<1x7xf32>
    %12 = stablehlo.reshape %11 : (tensor<1x7xf32>) -> tensor<7xf32>
    return %1, %12, %8 : tensor<3x7xf32>, tensor<7xf32>, tensor<3x7xf32>
  }
}

// divide long rows
module @bezoar {
  func.func public @main(%arg0: tensor<3x2100xf32>, %arg1: tensor<3x1xf32>) -> (tensor<3x2100xf32>, tensor<3x2100xf32>, tensor<3x1xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x2100xf32>
    %1 = stablehlo.divide %arg0, %0 : tensor<3x2100xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x2100xf32>
    %5 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x2100xf32>
    %6 = stablehlo.divide %4, %5 : tensor<3x2100xf32>
    %7 = stablehlo.multiply %4, %1 : tensor<3x2100xf32>
    %8 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x2100xf32>
    %9 = stablehlo.divide %7, %8 : tensor<3x2100xf32>
    %10 = stablehlo.negate %9 : tensor<3x2100xf32>
    %11 = stablehlo.constant dense<0.0> : tensor<f32>
    %12 = stablehlo.reduce(%10 init: %11) applies stablehlo.add across dimensions = [1] : (tensor<3x2100xf32>, tensor<f32>) -> tensor<3xf32>
    %13 = stablehlo.reshape %12 : (tensor<3xf32>) -> tensor<3x1xf32>
    return %1, %6, %13 : tensor<3x2100xf32>, tensor<3x2100xf32>, tensor<3x1xf32>
  }
}

// maximum same
module @bezoar {
  func.func public @main(%arg0: tensor<3x5xf32>, %arg1: tensor<3x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>) {
    %0 = stablehlo.maximum %arg0, %arg1 : tensor<3x5xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x5xf32>
    %4 = stablehlo.compare EQ, %arg0, %0, FLOAT : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xi1>
    %5 = stablehlo.convert %4 : (tensor<3x5xi1>) -> tensor<3x5xf32>
    %6 = stablehlo.multiply %3, %5 : tensor<3x5xf32>
    %7 = stablehlo.subtract %3, %6 : tensor<3x5xf32>
    return %0, %6, %7 : tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>
  }
}

// maximum row
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<3xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<3xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<3xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.maximum %arg0, %0 : tensor<4x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x3xf32>
    %5 = stablehlo.compare EQ, %arg0, %1, FLOAT : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xi1>
    %6 = stablehlo.convert %5 : (tensor<4x3xi1>) -> tensor<4x3xf32>
    %7 = stablehlo.multiply %4, %6 : tensor<4x3xf32>
    %8 = stablehlo.subtract %4, %7 : tensor<4x3xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [0] : (tensor<4x3xf32>, tensor<f32>) -> tensor<3xf32>
    %11 = stablehlo.reshape %10 : (tensor<3xf32>) -> tensor<1x3xf32>
    %12 = stablehlo.reshape %11 : (tensor<1x3xf32>) -> tensor<3xf32>
    return %1, %7, %12 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<3xf32>
  }
}

// maximum column
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<4x1xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x1xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.maximum %arg0, %0 : tensor<4x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x3xf32>
    %5 = stablehlo.compare EQ, %arg0, %1, FLOAT : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xi1>
    %6 = stablehlo.convert %5 : (tensor<4x3xi1>) -> tensor<4x3xf32>
    %7 = stablehlo.multiply %4, %6 : tensor<4x3xf32>
    %8 = stablehlo.subtract %4, %7 : tensor<4x3xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [1] : (tensor<4x3xf32>, tensor<f32>) -> tensor<4xf32>
    %11 = stablehlo.reshape %10 : (tensor<4xf32>) -> tensor<4x1xf32>
    return %1, %7, %11 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x1xf32>
  }
}

// maximum scalar
module @bezoar {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<f32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %1 = stablehlo.maximum %arg0, %0 : tensor<2x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<2x3xf32>
    %5 = stablehlo.compare EQ, %arg0, %1, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %6 = stablehlo.convert %5 : (tensor<2x3xi1>) -> tensor<2x3xf32>
    %7 = stablehlo.multiply %4, %6 : tensor<2x3xf32>
    %8 = stablehlo.subtract %4, %7 : tensor<2x3xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [0, 1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<f32>
    %11 = stablehlo.reshape %10 : (tensor<f32>) -> tensor<1x1xf32>
    %12 = stablehlo.reshape %11 : (tensor<1x1xf32>) -> tensor<f32>
    return %1, %7, %12 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>
  }
}

// maximum outer
module @bezoar {
  func.func public @main(%arg0: tensor<4x1xf32>, %arg1: tensor<1x5xf32>) -> (tensor<4x5xf32>, tensor<4x1xf32>, tensor<1x5xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x5xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<1x5xf32>) -> tensor<4x5xf32>
    %2 = stablehlo.maximum %0, %1 : tensor<4x5xf32>
    %3 = stablehlo.constant dense<1.0> : tensor<f32>
    %4 = stablehlo.reshape %3 : (tensor<f32>) -> tensor<1x1xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x5xf32>
    %6 = stablehlo.broadcast_in_dim %arg0, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x5xf32>
    %7 = stablehlo.compare EQ, %6, %2, FLOAT : (tensor<4x5xf32>, tensor<4x5xf32>) -> tensor<4x5xi1>
    %8 = stablehlo.convert %7 : (tensor<4x5xi1>) -> tensor<4x5xf32>
    %9 = stablehlo.multiply %5, %8 : tensor<4x5xf32>
    %10 = stablehlo.subtract %5, %9 : tensor<4x5xf32>
    %11 = stablehlo.constant dense<0.0> : tensor<f32>
    %12 = stablehlo.reduce(%9 init: %11) applies stablehlo.add across dimensions = [1] : (tensor<4x5xf32>, tensor<f32>) -> tensor<4xf32>
    %13 = stablehlo.reshape %12 : (tensor<4xf32>) -> tensor<4x1xf32>
    %14 = stablehlo.constant dense<0.0> : tensor<f32>
    %15 = stablehlo.reduce(%10 init: %14) applies stablehlo.add across dimensions = [0] : (tensor<4x5xf32>, tensor<f32>) -> tensor<5xf32>
    %16 = stablehlo.reshape %15 : (tensor<5xf32>) -> tensor<1x5xf32>
    return %2, %13, %16 : tensor<4x5xf32>, tensor<4x1xf32>, tensor<1x5xf32>
  }
}

// maximum middle
module @bezoar {
  func.func public @main(%arg0: tensor<2x3x5x7xf32>, %arg1: tensor<2x1x1x7xf32>) -> (tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>, tensor<2x1x1x7xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1, 2, 3] : (tensor<2x1x1x7xf32>) -> tensor<2x3x5x7xf32>
    %1 = stablehlo.maximum %arg0, %0 : tensor<2x3x5x7xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x3x5x7xf32>
    %5 = stablehlo.compare EQ, %arg0, %1, FLOAT : (tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xi1>
    %6 = stablehlo.convert %5 : (tensor<2x3x5x7xi1>) -> tensor<2x3x5x7xf32>
    %7 = stablehlo.multiply %4, %6 : tensor<2x3x5x7xf32>
    %8 = stablehlo.subtract %4, %7 : tensor<2x3x5x7xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [1, 2] : (tensor<2x3x5x7xf32>, tensor<f32>) -> tensor<2x7xf32>
    %11 = stablehlo.reshape %10 : (tensor<2x7xf32>) -> tensor<2x1x1x7xf32>
    return %1, %7, %11 : tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>, tensor<2x1x1x7xf32>
  }
}

// maximum left
module @bezoar {
  func.func public @main(%arg0: tensor<7xf32>, %arg1: tensor<3x7xf32>) -> (tensor<3x7xf32>, tensor<7xf32>, tensor<3x7xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [1] : (tensor<7xf32>) -> tensor<3x7xf32>
    %1 = stablehlo.maximum %0, %arg1 : tensor<3x7xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x7xf32>
    %5 = stablehlo.broadcast_in_dim %arg0, dims = [1] : (tensor<7xf32>) -> tensor<3x7xf32>
    %6 = stablehlo.compare EQ, %5, %1, FLOAT : (tensor<3x7xf32>, tensor<3x7xf32>) -> tensor<3x7xi1>
    %7 = stablehlo.convert %6 : (tensor<3x7xi1>) -> tensor<3x7xf32>
    %8 = stablehlo.multiply %4, %7 : tensor<3x7xf32>
    %9 = stablehlo.subtract %4, %8 : tensor<3x7xf32>
    %10 = stablehlo.constant dense<0.0> : tensor<f32>
    %11 = stablehlo.reduce(%8 init: %10) applies stablehlo.add across dimensions = [0] : (tensor<3x7xf32>, tensor<f32>) -> tensor<7xf32>
    %12 = stablehlo.reshape %11 : (tensor<7xf32>) -> tensor<1x7xf32>
    %13 = stablehlo.reshape %12 : (tensor<1x7xf32>) -> tensor<7xf32>
    return %1, %13, %9 : tensor<3x7xf32>, tensor<7xf32>, tensor<3x7xf32>
  }
}

// maximum long rows
module @bezoar {
  func.func public @main(%arg0: tensor<3x2100xf32>, %arg1: tensor<3x1xf32>) -> (tensor<3x2100xf32>, tensor<3x2100xf32>, tensor<3x1xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x2100xf32>
    %1 = stablehlo.maximum %arg0, %0 : tensor<3x2100xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x2100xf32>
    %5 = stablehlo.compare EQ, %arg0, %1, FLOAT : (tensor<3x2100xf32>, tensor<3x2100xf32>) -> tensor<3x2100xi1>
    %6 = stablehlo.convert %5 : (tensor<3x2100xi1>) -> tensor<3x2100xf32>
    %7 = stablehlo.multiply %4, %6 : tensor<3x2100xf32>
    %8 = stablehlo.subtract %4, %7 : tensor<3x2100xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [1] : (tensor<3x2100xf32>, tensor<f32>) -> tensor<3xf32>
    %11 = stablehlo.reshape %10 : (tensor<3xf32>) -> tensor<3x1xf32>
    return %1, %7, %11 : tensor<3x2100xf32>, tensor<3x2100xf32>, tensor<3x1xf32>
  }
}

// minimum same
module @bezoar {
  func.func public @main(%arg0: tensor<3x5xf32>, %arg1: tensor<3x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>) {
    %0 = stablehlo.minimum %arg0, %arg1 : tensor<3x5xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x5xf32>
    %4 = stablehlo.compare EQ, %arg0, %0, FLOAT : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xi1>
    %5 = stablehlo.convert %4 : (tensor<3x5xi1>) -> tensor<3x5xf32>
    %6 = stablehlo.multiply %3, %5 : tensor<3x5xf32>
    %7 = stablehlo.subtract %3, %6 : tensor<3x5xf32>
    return %0, %6, %7 : tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>
  }
}

// minimum row
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<3xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<3xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<3xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.minimum %arg0, %0 : tensor<4x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x3xf32>
    %5 = stablehlo.compare EQ, %arg0, %1, FLOAT : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xi1>
    %6 = stablehlo.convert %5 : (tensor<4x3xi1>) -> tensor<4x3xf32>
    %7 = stablehlo.multiply %4, %6 : tensor<4x3xf32>
    %8 = stablehlo.subtract %4, %7 : tensor<4x3xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [0] : (tensor<4x3xf32>, tensor<f32>) -> tensor<3xf32>
    %11 = stablehlo.reshape %10 : (tensor<3xf32>) -> tensor<1x3xf32>
    %12 = stablehlo.reshape %11 : (tensor<1x3xf32>) -> tensor<3xf32>
    return %1, %7, %12 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<3xf32>
  }
}

// minimum column
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<4x1xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x1xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.minimum %arg0, %0 : tensor<4x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x3xf32>
    %5 = stablehlo.compare EQ, %arg0, %1, FLOAT : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xi1>
    %6 = stablehlo.convert %5 : (tensor<4x3xi1>) -> tensor<4x3xf32>
    %7 = stablehlo.multiply %4, %6 : tensor<4x3xf32>
    %8 = stablehlo.subtract %4, %7 : tensor<4x3xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [1] : (tensor<4x3xf32>, tensor<f32>) -> tensor<4xf32>
    %11 = stablehlo.reshape %10 : (tensor<4xf32>) -> tensor<4x1xf32>
    return %1, %7, %11 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x1xf32>
  }
}

// minimum scalar
module @bezoar {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<f32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %1 = stablehlo.minimum %arg0, %0 : tensor<2x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<2x3xf32>
    %5 = stablehlo.compare EQ, %arg0, %1, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %6 = stablehlo.convert %5 : (tensor<2x3xi1>) -> tensor<2x3xf32>
    %7 = stablehlo.multiply %4, %6 : tensor<2x3xf32>
    %8 = stablehlo.subtract %4, %7 : tensor<2x3xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [0, 1] : (tensor<2x3xf32>, tensor<f32>) -> tensor<f32>
    %11 = stablehlo.reshape %10 : (tensor<f32>) -> tensor<1x1xf32>
    %12 = stablehlo.reshape %11 : (tensor<1x1xf32>) -> tensor<f32>
    return %1, %7, %12 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<f32>
  }
}

// minimum outer
module @bezoar {
  func.func public @main(%arg0: tensor<4x1xf32>, %arg1: tensor<1x5xf32>) -> (tensor<4x5xf32>, tensor<4x1xf32>, tensor<1x5xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x5xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<1x5xf32>) -> tensor<4x5xf32>
    %2 = stablehlo.minimum %0, %1 : tensor<4x5xf32>
    %3 = stablehlo.constant dense<1.0> : tensor<f32>
    %4 = stablehlo.reshape %3 : (tensor<f32>) -> tensor<1x1xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x5xf32>
    %6 = stablehlo.broadcast_in_dim %arg0, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x5xf32>
    %7 = stablehlo.compare EQ, %6, %2, FLOAT : (tensor<4x5xf32>, tensor<4x5xf32>) -> tensor<4x5xi1>
    %8 = stablehlo.convert %7 : (tensor<4x5xi1>) -> tensor<4x5xf32>
    %9 = stablehlo.multiply %5, %8 : tensor<4x5xf32>
    %10 = stablehlo.subtract %5, %9 : tensor<4x5xf32>
    %11 = stablehlo.constant dense<0.0> : tensor<f32>
    %12 = stablehlo.reduce(%9 init: %11) applies stablehlo.add across dimensions = [1] : (tensor<4x5xf32>, tensor<f32>) -> tensor<4xf32>
    %13 = stablehlo.reshape %12 : (tensor<4xf32>) -> tensor<4x1xf32>
    %14 = stablehlo.constant dense<0.0> : tensor<f32>
    %15 = stablehlo.reduce(%10 init: %14) applies stablehlo.add across dimensions = [0] : (tensor<4x5xf32>, tensor<f32>) -> tensor<5xf32>
    %16 = stablehlo.reshape %15 : (tensor<5xf32>) -> tensor<1x5xf32>
    return %2, %13, %16 : tensor<4x5xf32>, tensor<4x1xf32>, tensor<1x5xf32>
  }
}

// minimum middle
module @bezoar {
  func.func public @main(%arg0: tensor<2x3x5x7xf32>, %arg1: tensor<2x1x1x7xf32>) -> (tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>, tensor<2x1x1x7xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1, 2, 3] : (tensor<2x1x1x7xf32>) -> tensor<2x3x5x7xf32>
    %1 = stablehlo.minimum %arg0, %0 : tensor<2x3x5x7xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x3x5x7xf32>
    %5 = stablehlo.compare EQ, %arg0, %1, FLOAT : (tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xi1>
    %6 = stablehlo.convert %5 : (tensor<2x3x5x7xi1>) -> tensor<2x3x5x7xf32>
    %7 = stablehlo.multiply %4, %6 : tensor<2x3x5x7xf32>
    %8 = stablehlo.subtract %4, %7 : tensor<2x3x5x7xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [1, 2] : (tensor<2x3x5x7xf32>, tensor<f32>) -> tensor<2x7xf32>
    %11 = stablehlo.reshape %10 : (tensor<2x7xf32>) -> tensor<2x1x1x7xf32>
    return %1, %7, %11 : tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>, tensor<2x1x1x7xf32>
  }
}

// minimum left
module @bezoar {
  func.func public @main(%arg0: tensor<7xf32>, %arg1: tensor<3x7xf32>) -> (tensor<3x7xf32>, tensor<7xf32>, tensor<3x7xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [1] : (tensor<7xf32>) -> tensor<3x7xf32>
    %1 = stablehlo.minimum %0, %arg1 : tensor<3x7xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x7xf32>
    %5 = stablehlo.broadcast_in_dim %arg0, dims = [1] : (tensor<7xf32>) -> tensor<3x7xf32>
    %6 = stablehlo.compare EQ, %5, %1, FLOAT : (tensor<3x7xf32>, tensor<3x7xf32>) -> tensor<3x7xi1>
    %7 = stablehlo.convert %6 : (tensor<3x7xi1>) -> tensor<3x7xf32>
    %8 = stablehlo.multiply %4, %7 : tensor<3x7xf32>
    %9 = stablehlo.subtract %4, %8 : tensor<3x7xf32>
    %10 = stablehlo.constant dense<0.0> : tensor<f32>
    %11 = stablehlo.reduce(%8 init: %10) applies stablehlo.add across dimensions = [0] : (tensor<3x7xf32>, tensor<f32>) -> tensor<7xf32>
    %12 = stablehlo.reshape %11 : (tensor<7xf32>) -> tensor<1x7xf32>
    %13 = stablehlo.reshape %12 : (tensor<1x7xf32>) -> tensor<7xf32>
    return %1, %13, %9 : tensor<3x7xf32>, tensor<7xf32>, tensor<3x7xf32>
  }
}

// minimum long rows
module @bezoar {
  func.func public @main(%arg0: tensor<3x2100xf32>, %arg1: tensor<3x1xf32>) -> (tensor<3x2100xf32>, tensor<3x2100xf32>, tensor<3x1xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x2100xf32>
    %1 = stablehlo.minimum %arg0, %0 : tensor<3x2100xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x2100xf32>
    %5 = stablehlo.compare EQ, %arg0, %1, FLOAT : (tensor<3x2100xf32>, tensor<3x2100xf32>) -> tensor<3x2100xi1>
    %6 = stablehlo.convert %5 : (tensor<3x2100xi1>) -> tensor<3x2100xf32>
    %7 = stablehlo.multiply %4, %6 : tensor<3x2100xf32>
    %8 = stablehlo.subtract %4, %7 : tensor<3x2100xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [1] : (tensor<3x2100xf32>, tensor<f32>) -> tensor<3xf32>
    %11 = stablehlo.reshape %10 : (tensor<3xf32>) -> tensor<3x1xf32>
    return %1, %7, %11 : tensor<3x2100xf32>, tensor<3x2100xf32>, tensor<3x1xf32>
  }
}

// greater same
module @bezoar {
  func.func public @main(%arg0: tensor<3x5xf32>, %arg1: tensor<3x5xf32>) -> (tensor<3x5xf32>) {
    %0 = stablehlo.compare GT, %arg0, %arg1, FLOAT : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xi1>
    %1 = stablehlo.convert %0 : (tensor<3x5xi1>) -> tensor<3x5xf32>
    return %1 : tensor<3x5xf32>
  }
}

// greater row
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<3xf32>) -> (tensor<4x3xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<3xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.compare GT, %arg0, %0, FLOAT : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xi1>
    %2 = stablehlo.convert %1 : (tensor<4x3xi1>) -> tensor<4x3xf32>
    return %2 : tensor<4x3xf32>
  }
}

// greater column
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<4x1xf32>) -> (tensor<4x3xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.compare GT, %arg0, %0, FLOAT : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xi1>
    %2 = stablehlo.convert %1 : (tensor<4x3xi1>) -> tensor<4x3xf32>
    return %2 : tensor<4x3xf32>
  }
}

// greater scalar
module @bezoar {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<f32>) -> (tensor<2x3xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %1 = stablehlo.compare GT, %arg0, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %2 = stablehlo.convert %1 : (tensor<2x3xi1>) -> tensor<2x3xf32>
    return %2 : tensor<2x3xf32>
  }
}

// greater outer
module @bezoar {
  func.func public @main(%arg0: tensor<4x1xf32>, %arg1: tensor<1x5xf32>) -> (tensor<4x5xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x5xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<1x5xf32>) -> tensor<4x5xf32>
    %2 = stablehlo.compare GT, %0, %1, FLOAT : (tensor<4x5xf32>, tensor<4x5xf32>) -> tensor<4x5xi1>
    %3 = stablehlo.convert %2 : (tensor<4x5xi1>) -> tensor<4x5xf32>
    return %3 : tensor<4x5xf32>
  }
}

// greater middle
module @bezoar {
  func.func public @main(%arg0: tensor<2x3x5x7xf32>, %arg1: tensor<2x1x1x7xf32>) -> (tensor<2x3x5x7xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1, 2, 3] : (tensor<2x1x1x7xf32>) -> tensor<2x3x5x7xf32>
    %1 = stablehlo.compare GT, %arg0, %0, FLOAT : (tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xi1>
    %2 = stablehlo.convert %1 : (tensor<2x3x5x7xi1>) -> tensor<2x3x5x7xf32>
    return %2 : tensor<2x3x5x7xf32>
  }
}

// greater left
module @bezoar {
  func.func public @main(%arg0: tensor<7xf32>, %arg1: tensor<3x7xf32>) -> (tensor<3x7xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [1] : (tensor<7xf32>) -> tensor<3x7xf32>
    %1 = stablehlo.compare GT, %0, %arg1, FLOAT : (tensor<3x7xf32>, tensor<3x7xf32>) -> tensor<3x7xi1>
    %2 = stablehlo.convert %1 : (tensor<3x7xi1>) -> tensor<3x7xf32>
    return %2 : tensor<3x7xf32>
  }
}

// greater long rows
module @bezoar {
  func.func public @main(%arg0: tensor<3x2100xf32>, %arg1: tensor<3x1xf32>) -> (tensor<3x2100xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x2100xf32>
    %1 = stablehlo.compare GT, %arg0, %0, FLOAT : (tensor<3x2100xf32>, tensor<3x2100xf32>) -> tensor<3x2100xi1>
    %2 = stablehlo.convert %1 : (tensor<3x2100xi1>) -> tensor<3x2100xf32>
    return %2 : tensor<3x2100xf32>
  }
}

// equal same
module @bezoar {
  func.func public @main(%arg0: tensor<3x5xf32>, %arg1: tensor<3x5xf32>) -> (tensor<3x5xf32>) {
    %0 = stablehlo.compare EQ, %arg0, %arg1, FLOAT : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xi1>
    %1 = stablehlo.convert %0 : (tensor<3x5xi1>) -> tensor<3x5xf32>
    return %1 : tensor<3x5xf32>
  }
}

// equal row
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<3xf32>) -> (tensor<4x3xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<3xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.compare EQ, %arg0, %0, FLOAT : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xi1>
    %2 = stablehlo.convert %1 : (tensor<4x3xi1>) -> tensor<4x3xf32>
    return %2 : tensor<4x3xf32>
  }
}

// equal column
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<4x1xf32>) -> (tensor<4x3xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.compare EQ, %arg0, %0, FLOAT : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xi1>
    %2 = stablehlo.convert %1 : (tensor<4x3xi1>) -> tensor<4x3xf32>
    return %2 : tensor<4x3xf32>
  }
}

// equal scalar
module @bezoar {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<f32>) -> (tensor<2x3xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    %1 = stablehlo.compare EQ, %arg0, %0, FLOAT : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi1>
    %2 = stablehlo.convert %1 : (tensor<2x3xi1>) -> tensor<2x3xf32>
    return %2 : tensor<2x3xf32>
  }
}

// equal outer
module @bezoar {
  func.func public @main(%arg0: tensor<4x1xf32>, %arg1: tensor<1x5xf32>) -> (tensor<4x5xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [0, 1] : (tensor<4x1xf32>) -> tensor<4x5xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<1x5xf32>) -> tensor<4x5xf32>
    %2 = stablehlo.compare EQ, %0, %1, FLOAT : (tensor<4x5xf32>, tensor<4x5xf32>) -> tensor<4x5xi1>
    %3 = stablehlo.convert %2 : (tensor<4x5xi1>) -> tensor<4x5xf32>
    return %3 : tensor<4x5xf32>
  }
}

// equal middle
module @bezoar {
  func.func public @main(%arg0: tensor<2x3x5x7xf32>, %arg1: tensor<2x1x1x7xf32>) -> (tensor<2x3x5x7xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1, 2, 3] : (tensor<2x1x1x7xf32>) -> tensor<2x3x5x7xf32>
    %1 = stablehlo.compare EQ, %arg0, %0, FLOAT : (tensor<2x3x5x7xf32>, tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xi1>
    %2 = stablehlo.convert %1 : (tensor<2x3x5x7xi1>) -> tensor<2x3x5x7xf32>
    return %2 : tensor<2x3x5x7xf32>
  }
}

// equal left
module @bezoar {
  func.func public @main(%arg0: tensor<7xf32>, %arg1: tensor<3x7xf32>) -> (tensor<3x7xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [1] : (tensor<7xf32>) -> tensor<3x7xf32>
    %1 = stablehlo.compare EQ, %0, %arg1, FLOAT : (tensor<3x7xf32>, tensor<3x7xf32>) -> tensor<3x7xi1>
    %2 = stablehlo.convert %1 : (tensor<3x7xi1>) -> tensor<3x7xf32>
    return %2 : tensor<3x7xf32>
  }
}

// equal long rows
module @bezoar {
  func.func public @main(%arg0: tensor<3x2100xf32>, %arg1: tensor<3x1xf32>) -> (tensor<3x2100xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x2100xf32>
    %1 = stablehlo.compare EQ, %arg0, %0, FLOAT : (tensor<3x2100xf32>, tensor<3x2100xf32>) -> tensor<3x2100xi1>
    %2 = stablehlo.convert %1 : (tensor<3x2100xi1>) -> tensor<3x2100xf32>
    return %2 : tensor<3x2100xf32>
  }
}

// broadcast
module @bezoar {
  func.func public @main(%arg0: tensor<3x1xf32>) -> (tensor<2x3x4xf32>, tensor<3x1xf32>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [1, 2] : (tensor<3x1xf32>) -> tensor<2x3x4xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2] : (tensor<1x1x1xf32>) -> tensor<2x3x4xf32>
    %4 = stablehlo.constant dense<0.0> : tensor<f32>
    %5 = stablehlo.reduce(%3 init: %4) applies stablehlo.add across dimensions = [0] : (tensor<2x3x4xf32>, tensor<f32>) -> tensor<3x4xf32>
    %6 = stablehlo.reshape %5 : (tensor<3x4xf32>) -> tensor<1x3x4xf32>
    %7 = stablehlo.constant dense<0.0> : tensor<f32>
    %8 = stablehlo.reduce(%6 init: %7) applies stablehlo.add across dimensions = [2] : (tensor<1x3x4xf32>, tensor<f32>) -> tensor<1x3xf32>
    %9 = stablehlo.reshape %8 : (tensor<1x3xf32>) -> tensor<1x3x1xf32>
    %10 = stablehlo.reshape %9 : (tensor<1x3x1xf32>) -> tensor<3x1xf32>
    return %0, %10 : tensor<2x3x4xf32>, tensor<3x1xf32>
  }
}

// reshape
module @bezoar {
  func.func public @main(%arg0: tensor<3x4xf32>) -> (tensor<2x6xf32>, tensor<3x4xf32>) {
    %0 = stablehlo.reshape %arg0 : (tensor<3x4xf32>) -> tensor<2x6xf32>
    %1 = stablehlo.constant dense<2.0> : tensor<f32>
    %2 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<f32>) -> tensor<2x6xf32>
    %3 = stablehlo.multiply %0, %2 : tensor<2x6xf32>
    %4 = stablehlo.constant dense<1.0> : tensor<f32>
    %5 = stablehlo.reshape %4 : (tensor<f32>) -> tensor<1x1xf32>
    %6 = stablehlo.broadcast_in_dim %5, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<2x6xf32>
    %7 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<f32>) -> tensor<2x6xf32>
    %8 = stablehlo.multiply %6, %7 : tensor<2x6xf32>
    %9 = stablehlo.reshape %8 : (tensor<2x6xf32>) -> tensor<3x4xf32>
    return %3, %9 : tensor<2x6xf32>, tensor<3x4xf32>
  }
}

// transpose
module @bezoar {
  func.func public @main(%arg0: tensor<3x4xf32>) -> (tensor<4x3xf32>, tensor<3x4xf32>) {
    %0 = stablehlo.transpose %arg0, dims = [1, 0] : (tensor<3x4xf32>) -> tensor<4x3xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<4x3xf32>
    %4 = stablehlo.transpose %3, dims = [1, 0] : (tensor<4x3xf32>) -> tensor<3x4xf32>
    return %0, %4 : tensor<4x3xf32>, tensor<3x4xf32>
  }
}

// transpose 4
module @bezoar {
  func.func public @main(%arg0: tensor<2x3x4x5xf32>) -> (tensor<5x2x4x3xf32>, tensor<2x3x4x5xf32>) {
    %0 = stablehlo.transpose %arg0, dims = [3, 0, 2, 1] : (tensor<2x3x4x5xf32>) -> tensor<5x2x4x3xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<5x2x4x3xf32>
    %4 = stablehlo.transpose %3, dims = [1, 3, 2, 0] : (tensor<5x2x4x3xf32>) -> tensor<2x3x4x5xf32>
    return %0, %4 : tensor<5x2x4x3xf32>, tensor<2x3x4x5xf32>
  }
}

// slice first
module @bezoar {
  func.func public @main(%arg0: tensor<5x3xf32>) -> (tensor<3x3xf32>, tensor<5x3xf32>) {
    %0 = stablehlo.slice %arg0 [1:4, 0:3] : (tensor<5x3xf32>) -> tensor<3x3xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x3xf32>
    %4 = stablehlo.constant dense<0.0> : tensor<f32>
    %5 = stablehlo.pad %3, %4, low = [1, 0], high = [1, 0], interior = [0, 0] : (tensor<3x3xf32>, tensor<f32>) -> tensor<5x3xf32>
    return %0, %5 : tensor<3x3xf32>, tensor<5x3xf32>
  }
}

// slice last
module @bezoar {
  func.func public @main(%arg0: tensor<3x5xf32>) -> (tensor<3x2xf32>, tensor<3x5xf32>) {
    %0 = stablehlo.slice %arg0 [0:3, 2:4] : (tensor<3x5xf32>) -> tensor<3x2xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x2xf32>
    %4 = stablehlo.constant dense<0.0> : tensor<f32>
    %5 = stablehlo.pad %3, %4, low = [0, 2], high = [0, 1], interior = [0, 0] : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x5xf32>
    return %0, %5 : tensor<3x2xf32>, tensor<3x5xf32>
  }
}

// pad
module @bezoar {
  func.func public @main(%arg0: tensor<2x3x2xf32>) -> (tensor<2x6x2xf32>, tensor<2x3x2xf32>) {
    %0 = stablehlo.constant dense<0.0> : tensor<f32>
    %1 = stablehlo.pad %arg0, %0, low = [0, 2, 0], high = [0, 1, 0], interior = [0, 0, 0] : (tensor<2x3x2xf32>, tensor<f32>) -> tensor<2x6x2xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1, 2] : (tensor<1x1x1xf32>) -> tensor<2x6x2xf32>
    %5 = stablehlo.slice %4 [0:2, 2:5, 0:2] : (tensor<2x6x2xf32>) -> tensor<2x3x2xf32>
    return %1, %5 : tensor<2x6x2xf32>, tensor<2x3x2xf32>
  }
}

// concatenate
module @bezoar {
  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<4x3xf32>) -> (tensor<8x3xf32>, tensor<2x3xf32>, tensor<4x3xf32>) {
    %0 = stablehlo.concatenate %arg0, %arg1, %arg0, dim = 0 : (tensor<2x3xf32>, tensor<4x3xf32>, tensor<2x3xf32>) -> tensor<8x3xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<8x3xf32>
    %4 = stablehlo.slice %3 [0:2, 0:3] : (tensor<8x3xf32>) -> tensor<2x3xf32>
    %5 = stablehlo.slice %3 [2:6, 0:3] : (tensor<8x3xf32>) -> tensor<4x3xf32>
    %6 = stablehlo.slice %3 [6:8, 0:3] : (tensor<8x3xf32>) -> tensor<2x3xf32>
    %7 = stablehlo.add %4, %6 : tensor<2x3xf32>
    return %0, %7, %5 : tensor<8x3xf32>, tensor<2x3xf32>, tensor<4x3xf32>
  }
}

// concatenate last
module @bezoar {
  func.func public @main(%arg0: tensor<3x2xf32>, %arg1: tensor<3x1xf32>) -> (tensor<3x3xf32>, tensor<3x2xf32>, tensor<3x1xf32>) {
    %0 = stablehlo.concatenate %arg0, %arg1, dim = 1 : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x3xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x3xf32>
    %4 = stablehlo.slice %3 [0:3, 0:2] : (tensor<3x3xf32>) -> tensor<3x2xf32>
    %5 = stablehlo.slice %3 [0:3, 2:3] : (tensor<3x3xf32>) -> tensor<3x1xf32>
    return %0, %4, %5 : tensor<3x3xf32>, tensor<3x2xf32>, tensor<3x1xf32>
  }
}

// sum all
module @bezoar {
  func.func public @main(%arg0: tensor<3x5xf32>) -> (tensor<f32>, tensor<3x5xf32>) {
    %0 = stablehlo.constant dense<0.0> : tensor<f32>
    %1 = stablehlo.reduce(%arg0 init: %0) applies stablehlo.add across dimensions = [0, 1] : (tensor<3x5xf32>, tensor<f32>) -> tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.reshape %2 : (tensor<1x1xf32>) -> tensor<f32>
    %4 = stablehlo.constant dense<1.0> : tensor<f32>
    %5 = stablehlo.reshape %4 : (tensor<f32>) -> tensor<1x1xf32>
    %6 = stablehlo.broadcast_in_dim %5, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x5xf32>
    return %3, %6 : tensor<f32>, tensor<3x5xf32>
  }
}

// sum first
module @bezoar {
  func.func public @main(%arg0: tensor<300x5xf32>) -> (tensor<1x5xf32>, tensor<300x5xf32>) {
    %0 = stablehlo.constant dense<0.0> : tensor<f32>
    %1 = stablehlo.reduce(%arg0 init: %0) applies stablehlo.add across dimensions = [0] : (tensor<300x5xf32>, tensor<f32>) -> tensor<5xf32>
    %2 = stablehlo.reshape %1 : (tensor<5xf32>) -> tensor<1x5xf32>
    %3 = stablehlo.constant dense<1.0> : tensor<f32>
    %4 = stablehlo.reshape %3 : (tensor<f32>) -> tensor<1x1xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<1x5xf32>
    %6 = stablehlo.broadcast_in_dim %5, dims = [0, 1] : (tensor<1x5xf32>) -> tensor<300x5xf32>
    return %2, %6 : tensor<1x5xf32>, tensor<300x5xf32>
  }
}

// sum last
module @bezoar {
  func.func public @main(%arg0: tensor<3x5xf32>) -> (tensor<3x1xf32>, tensor<3x5xf32>) {
    %0 = stablehlo.constant dense<0.0> : tensor<f32>
    %1 = stablehlo.reduce(%arg0 init: %0) applies stablehlo.add across dimensions = [1] : (tensor<3x5xf32>, tensor<f32>) -> tensor<3xf32>
    %2 = stablehlo.reshape %1 : (tensor<3xf32>) -> tensor<3x1xf32>
    %3 = stablehlo.constant dense<1.0> : tensor<f32>
    %4 = stablehlo.reshape %3 : (tensor<f32>) -> tensor<1x1xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x1xf32>
    %6 = stablehlo.broadcast_in_dim %5, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x5xf32>
    return %2, %6 : tensor<3x1xf32>, tensor<3x5xf32>
  }
}

// sum middle
module @bezoar {
  func.func public @main(%arg0: tensor<2x3x4x5xf32>) -> (tensor<2x1x1x5xf32>, tensor<2x3x4x5xf32>) {
    %0 = stablehlo.constant dense<0.0> : tensor<f32>
    %1 = stablehlo.reduce(%arg0 init: %0) applies stablehlo.add across dimensions = [1, 2] : (tensor<2x3x4x5xf32>, tensor<f32>) -> tensor<2x5xf32>
    %2 = stablehlo.reshape %1 : (tensor<2x5xf32>) -> tensor<2x1x1x5xf32>
    %3 = stablehlo.constant dense<1.0> : tensor<f32>
    %4 = stablehlo.reshape %3 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x1x1x5xf32>
    %6 = stablehlo.broadcast_in_dim %5, dims = [0, 1, 2, 3] : (tensor<2x1x1x5xf32>) -> tensor<2x3x4x5xf32>
    return %2, %6 : tensor<2x1x1x5xf32>, tensor<2x3x4x5xf32>
  }
}

// sum apart
module @bezoar {
  func.func public @main(%arg0: tensor<2x3x4x5xf32>) -> (tensor<1x3x1x5xf32>, tensor<2x3x4x5xf32>) {
    %0 = stablehlo.constant dense<0.0> : tensor<f32>
    %1 = stablehlo.reduce(%arg0 init: %0) applies stablehlo.add across dimensions = [0] : (tensor<2x3x4x5xf32>, tensor<f32>) -> tensor<3x4x5xf32>
    %2 = stablehlo.reshape %1 : (tensor<3x4x5xf32>) -> tensor<1x3x4x5xf32>
    %3 = stablehlo.constant dense<0.0> : tensor<f32>
    %4 = stablehlo.reduce(%2 init: %3) applies stablehlo.add across dimensions = [2] : (tensor<1x3x4x5xf32>, tensor<f32>) -> tensor<1x3x5xf32>
    %5 = stablehlo.reshape %4 : (tensor<1x3x5xf32>) -> tensor<1x3x1x5xf32>
    %6 = stablehlo.constant dense<1.0> : tensor<f32>
    %7 = stablehlo.reshape %6 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %8 = stablehlo.broadcast_in_dim %7, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<1x3x1x5xf32>
    %9 = stablehlo.broadcast_in_dim %8, dims = [0, 1, 2, 3] : (tensor<1x3x1x5xf32>) -> tensor<1x3x4x5xf32>
    %10 = stablehlo.broadcast_in_dim %9, dims = [0, 1, 2, 3] : (tensor<1x3x4x5xf32>) -> tensor<2x3x4x5xf32>
    return %5, %10 : tensor<1x3x1x5xf32>, tensor<2x3x4x5xf32>
  }
}

// mean
module @bezoar {
  func.func public @main(%arg0: tensor<2x3x4xf32>) -> (tensor<2x1x4xf32>, tensor<2x3x4xf32>) {
    %0 = stablehlo.constant dense<0.0> : tensor<f32>
    %1 = stablehlo.reduce(%arg0 init: %0) applies stablehlo.add across dimensions = [1] : (tensor<2x3x4xf32>, tensor<f32>) -> tensor<2x4xf32>
    %2 = stablehlo.reshape %1 : (tensor<2x4xf32>) -> tensor<2x1x4xf32>
    %3 = stablehlo.constant dense<0.3333333432674408> : tensor<f32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [] : (tensor<f32>) -> tensor<2x1x4xf32>
    %5 = stablehlo.multiply %2, %4 : tensor<2x1x4xf32>
    %6 = stablehlo.constant dense<1.0> : tensor<f32>
    %7 = stablehlo.reshape %6 : (tensor<f32>) -> tensor<1x1x1xf32>
    %8 = stablehlo.broadcast_in_dim %7, dims = [0, 1, 2] : (tensor<1x1x1xf32>) -> tensor<2x1x4xf32>
    %9 = stablehlo.broadcast_in_dim %3, dims = [] : (tensor<f32>) -> tensor<2x1x4xf32>
    %10 = stablehlo.multiply %8, %9 : tensor<2x1x4xf32>
    %11 = stablehlo.broadcast_in_dim %10, dims = [0, 1, 2] : (tensor<2x1x4xf32>) -> tensor<2x3x4xf32>
    return %5, %11 : tensor<2x1x4xf32>, tensor<2x3x4xf32>
  }
}

// max last
module @bezoar {
  func.func public @main(%arg0: tensor<3x5xf32>) -> (tensor<3x1xf32>, tensor<3x5xf32>) {
    %0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %1 = stablehlo.reduce(%arg0 init: %0) applies stablehlo.maximum across dimensions = [1] : (tensor<3x5xf32>, tensor<f32>) -> tensor<3xf32>
    %2 = stablehlo.reshape %1 : (tensor<3xf32>) -> tensor<3x1xf32>
    %3 = stablehlo.constant dense<1.0> : tensor<f32>
    %4 = stablehlo.reshape %3 : (tensor<f32>) -> tensor<1x1xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x1xf32>
    %6 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x5xf32>
    %7 = stablehlo.compare EQ, %arg0, %6, FLOAT : (tensor<3x5xf32>, tensor<3x5xf32>) -> tensor<3x5xi1>
    %8 = stablehlo.convert %7 : (tensor<3x5xi1>) -> tensor<3x5xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [1] : (tensor<3x5xf32>, tensor<f32>) -> tensor<3xf32>
    %11 = stablehlo.reshape %10 : (tensor<3xf32>) -> tensor<3x1xf32>
    %12 = stablehlo.divide %5, %11 : tensor<3x1xf32>
    %13 = stablehlo.broadcast_in_dim %12, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x5xf32>
    %14 = stablehlo.multiply %8, %13 : tensor<3x5xf32>
    return %2, %14 : tensor<3x1xf32>, tensor<3x5xf32>
  }
}

// max middle
module @bezoar {
  func.func public @main(%arg0: tensor<2x3x3x5xf32>) -> (tensor<2x1x1x5xf32>, tensor<2x3x3x5xf32>) {
    %0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %1 = stablehlo.reduce(%arg0 init: %0) applies stablehlo.maximum across dimensions = [1, 2] : (tensor<2x3x3x5xf32>, tensor<f32>) -> tensor<2x5xf32>
    %2 = stablehlo.reshape %1 : (tensor<2x5xf32>) -> tensor<2x1x1x5xf32>
    %3 = stablehlo.constant dense<1.0> : tensor<f32>
    %4 = stablehlo.reshape %3 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x1x1x5xf32>
    %6 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<2x1x1x5xf32>) -> tensor<2x3x3x5xf32>
    %7 = stablehlo.compare EQ, %arg0, %6, FLOAT : (tensor<2x3x3x5xf32>, tensor<2x3x3x5xf32>) -> tensor<2x3x3x5xi1>
    %8 = stablehlo.convert %7 : (tensor<2x3x3x5xi1>) -> tensor<2x3x3x5xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [1, 2] : (tensor<2x3x3x5xf32>, tensor<f32>) -> tensor<2x5xf32>
    %11 = stablehlo.reshape %10 : (tensor<2x5xf32>) -> tensor<2x1x1x5xf32>
    %12 = stablehlo.divide %5, %11 : tensor<2x1x1x5xf32>
    %13 = stablehlo.broadcast_in_dim %12, dims = [0, 1, 2, 3] : (tensor<2x1x1x5xf32>) -> tensor<2x3x3x5xf32>
    %14 = stablehlo.multiply %8, %13 : tensor<2x3x3x5xf32>
    return %2, %14 : tensor<2x1x1x5xf32>, tensor<2x3x3x5xf32>
  }
}

// argMax
module @bezoar {
  func.func public @main(%arg0: tensor<3x70xf32>) -> (tensor<3x1xf32>) {
    %0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %1 = stablehlo.reduce(%arg0 init: %0) applies stablehlo.maximum across dimensions = [1] : (tensor<3x70xf32>, tensor<f32>) -> tensor<3xf32>
    %2 = stablehlo.reshape %1 : (tensor<3xf32>) -> tensor<3x1xf32>
    %3 = stablehlo.constant dense<1.0> : tensor<f32>
    %4 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x70xf32>
    %5 = stablehlo.compare EQ, %arg0, %4, FLOAT : (tensor<3x70xf32>, tensor<3x70xf32>) -> tensor<3x70xi1>
    %6 = stablehlo.convert %5 : (tensor<3x70xi1>) -> tensor<3x70xf32>
    %7 = stablehlo.broadcast_in_dim %3, dims = [] : (tensor<f32>) -> tensor<3x70xf32>
    %8 = stablehlo.subtract %7, %6 : tensor<3x70xf32>
    %9 = stablehlo.iota dim = 1 : tensor<3x70xf32>
    %10 = stablehlo.constant dense<70.0> : tensor<f32>
    %11 = stablehlo.broadcast_in_dim %10, dims = [] : (tensor<f32>) -> tensor<3x70xf32>
    %12 = stablehlo.multiply %8, %11 : tensor<3x70xf32>
    %13 = stablehlo.add %9, %12 : tensor<3x70xf32>
    %14 = stablehlo.constant dense<0x7F800000> : tensor<f32>
    %15 = stablehlo.reduce(%13 init: %14) applies stablehlo.minimum across dimensions = [1] : (tensor<3x70xf32>, tensor<f32>) -> tensor<3xf32>
    %16 = stablehlo.reshape %15 : (tensor<3xf32>) -> tensor<3x1xf32>
    return %16 : tensor<3x1xf32>
  }
}

// argMax with ties
module @bezoar {
  func.func public @main(%arg0: tensor<2x3x5xf32>) -> (tensor<2x3x1xf32>) {
    %0 = stablehlo.sign %arg0 : tensor<2x3x5xf32>
    %1 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %2 = stablehlo.reduce(%0 init: %1) applies stablehlo.maximum across dimensions = [2] : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3xf32>
    %3 = stablehlo.reshape %2 : (tensor<2x3xf32>) -> tensor<2x3x1xf32>
    %4 = stablehlo.constant dense<1.0> : tensor<f32>
    %5 = stablehlo.broadcast_in_dim %3, dims = [0, 1, 2] : (tensor<2x3x1xf32>) -> tensor<2x3x5xf32>
    %6 = stablehlo.compare EQ, %0, %5, FLOAT : (tensor<2x3x5xf32>, tensor<2x3x5xf32>) -> tensor<2x3x5xi1>
    %7 = stablehlo.convert %6 : (tensor<2x3x5xi1>) -> tensor<2x3x5xf32>
    %8 = stablehlo.broadcast_in_dim %4, dims = [] : (tensor<f32>) -> tensor<2x3x5xf32>
    %9 = stablehlo.subtract %8, %7 : tensor<2x3x5xf32>
    %10 = stablehlo.iota dim = 2 : tensor<2x3x5xf32>
    %11 = stablehlo.constant dense<5.0> : tensor<f32>
    %12 = stablehlo.broadcast_in_dim %11, dims = [] : (tensor<f32>) -> tensor<2x3x5xf32>
    %13 = stablehlo.multiply %9, %12 : tensor<2x3x5xf32>
    %14 = stablehlo.add %10, %13 : tensor<2x3x5xf32>
    %15 = stablehlo.constant dense<0x7F800000> : tensor<f32>
    %16 = stablehlo.reduce(%14 init: %15) applies stablehlo.minimum across dimensions = [2] : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3xf32>
    %17 = stablehlo.reshape %16 : (tensor<2x3xf32>) -> tensor<2x3x1xf32>
    return %17 : tensor<2x3x1xf32>
  }
}

// argMax of a product
module @bezoar {
  func.func public @main(%arg0: tensor<130x7xf32>, %arg1: tensor<75x7xf32>) -> (tensor<130x1xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<130x7xf32>, tensor<75x7xf32>) -> tensor<130x75xf32>
    %1 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %2 = stablehlo.reduce(%0 init: %1) applies stablehlo.maximum across dimensions = [1] : (tensor<130x75xf32>, tensor<f32>) -> tensor<130xf32>
    %3 = stablehlo.reshape %2 : (tensor<130xf32>) -> tensor<130x1xf32>
    %4 = stablehlo.constant dense<1.0> : tensor<f32>
    %5 = stablehlo.broadcast_in_dim %3, dims = [0, 1] : (tensor<130x1xf32>) -> tensor<130x75xf32>
    %6 = stablehlo.compare EQ, %0, %5, FLOAT : (tensor<130x75xf32>, tensor<130x75xf32>) -> tensor<130x75xi1>
    %7 = stablehlo.convert %6 : (tensor<130x75xi1>) -> tensor<130x75xf32>
    %8 = stablehlo.broadcast_in_dim %4, dims = [] : (tensor<f32>) -> tensor<130x75xf32>
    %9 = stablehlo.subtract %8, %7 : tensor<130x75xf32>
    %10 = stablehlo.iota dim = 1 : tensor<130x75xf32>
    %11 = stablehlo.constant dense<75.0> : tensor<f32>
    %12 = stablehlo.broadcast_in_dim %11, dims = [] : (tensor<f32>) -> tensor<130x75xf32>
    %13 = stablehlo.multiply %9, %12 : tensor<130x75xf32>
    %14 = stablehlo.add %10, %13 : tensor<130x75xf32>
    %15 = stablehlo.constant dense<0x7F800000> : tensor<f32>
    %16 = stablehlo.reduce(%14 init: %15) applies stablehlo.minimum across dimensions = [1] : (tensor<130x75xf32>, tensor<f32>) -> tensor<130xf32>
    %17 = stablehlo.reshape %16 : (tensor<130xf32>) -> tensor<130x1xf32>
    return %17 : tensor<130x1xf32>
  }
}

// matrixProduct of many rows
module @bezoar {
  func.func public @main(%arg0: tensor<2051x13xf32>, %arg1: tensor<2051x48xf32>) -> (tensor<13x48xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<2051x13xf32>, tensor<2051x48xf32>) -> tensor<13x48xf32>
    return %0 : tensor<13x48xf32>
  }
}

// oneHot
module @bezoar {
  func.func public @main(%arg0: tensor<5xf32>) -> (tensor<5x4xf32>) {
    %0 = stablehlo.convert %arg0 : (tensor<5xf32>) -> tensor<5xi32>
    %1 = stablehlo.broadcast_in_dim %0, dims = [0] : (tensor<5xi32>) -> tensor<5x4xi32>
    %2 = stablehlo.iota dim = 1 : tensor<5x4xi32>
    %3 = stablehlo.compare EQ, %1, %2, SIGNED : (tensor<5x4xi32>, tensor<5x4xi32>) -> tensor<5x4xi1>
    %4 = stablehlo.convert %3 : (tensor<5x4xi1>) -> tensor<5x4xf32>
    return %4 : tensor<5x4xf32>
  }
}

// unit rows
module @bezoar {
  func.func public @main(%arg0: tensor<3x7xf32>) -> (tensor<3x7xf32>, tensor<3x7xf32>) {
    %0 = stablehlo.multiply %arg0, %arg0 : tensor<3x7xf32>
    %1 = stablehlo.constant dense<0.0> : tensor<f32>
    %2 = stablehlo.reduce(%0 init: %1) applies stablehlo.add across dimensions = [1] : (tensor<3x7xf32>, tensor<f32>) -> tensor<3xf32>
    %3 = stablehlo.reshape %2 : (tensor<3xf32>) -> tensor<3x1xf32>
    %4 = stablehlo.constant dense<9.999999960041972e-13> : tensor<f32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [] : (tensor<f32>) -> tensor<3x1xf32>
    %6 = stablehlo.add %3, %5 : tensor<3x1xf32>
    %7 = stablehlo.sqrt %6 : tensor<3x1xf32>
    %8 = stablehlo.broadcast_in_dim %7, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x7xf32>
    %9 = stablehlo.divide %arg0, %8 : tensor<3x7xf32>
    %10 = stablehlo.constant dense<1.0> : tensor<f32>
    %11 = stablehlo.reshape %10 : (tensor<f32>) -> tensor<1x1xf32>
    %12 = stablehlo.broadcast_in_dim %11, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x7xf32>
    %13 = stablehlo.broadcast_in_dim %7, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x7xf32>
    %14 = stablehlo.divide %12, %13 : tensor<3x7xf32>
    %15 = stablehlo.multiply %12, %9 : tensor<3x7xf32>
    %16 = stablehlo.broadcast_in_dim %7, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x7xf32>
    %17 = stablehlo.divide %15, %16 : tensor<3x7xf32>
    %18 = stablehlo.negate %17 : tensor<3x7xf32>
    %19 = stablehlo.constant dense<0.0> : tensor<f32>
    %20 = stablehlo.reduce(%18 init: %19) applies stablehlo.add across dimensions = [1] : (tensor<3x7xf32>, tensor<f32>) -> tensor<3xf32>
    %21 = stablehlo.reshape %20 : (tensor<3xf32>) -> tensor<3x1xf32>
    %22 = stablehlo.constant dense<2.0> : tensor<f32>
    %23 = stablehlo.broadcast_in_dim %22, dims = [] : (tensor<f32>) -> tensor<3x1xf32>
    %24 = stablehlo.multiply %7, %23 : tensor<3x1xf32>
    %25 = stablehlo.divide %21, %24 : tensor<3x1xf32>
    %26 = stablehlo.broadcast_in_dim %25, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x7xf32>
    %27 = stablehlo.multiply %26, %arg0 : tensor<3x7xf32>
    %28 = stablehlo.add %14, %27 : tensor<3x7xf32>
    %29 = stablehlo.add %28, %27 : tensor<3x7xf32>
    return %9, %29 : tensor<3x7xf32>, tensor<3x7xf32>
  }
}

// logSumExp
module @bezoar {
  func.func public @main(%arg0: tensor<3x7xf32>) -> (tensor<3x1xf32>, tensor<3x7xf32>) {
    %0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %1 = stablehlo.reduce(%arg0 init: %0) applies stablehlo.maximum across dimensions = [1] : (tensor<3x7xf32>, tensor<f32>) -> tensor<3xf32>
    %2 = stablehlo.reshape %1 : (tensor<3xf32>) -> tensor<3x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x7xf32>
    %4 = stablehlo.subtract %arg0, %3 : tensor<3x7xf32>
    %5 = stablehlo.exponential %4 : tensor<3x7xf32>
    %6 = stablehlo.constant dense<0.0> : tensor<f32>
    %7 = stablehlo.reduce(%5 init: %6) applies stablehlo.add across dimensions = [1] : (tensor<3x7xf32>, tensor<f32>) -> tensor<3xf32>
    %8 = stablehlo.reshape %7 : (tensor<3xf32>) -> tensor<3x1xf32>
    %9 = stablehlo.log %8 : tensor<3x1xf32>
    %10 = stablehlo.add %9, %2 : tensor<3x1xf32>
    %11 = stablehlo.constant dense<1.0> : tensor<f32>
    %12 = stablehlo.reshape %11 : (tensor<f32>) -> tensor<1x1xf32>
    %13 = stablehlo.broadcast_in_dim %12, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x1xf32>
    %14 = stablehlo.divide %13, %8 : tensor<3x1xf32>
    %15 = stablehlo.broadcast_in_dim %14, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x7xf32>
    %16 = stablehlo.multiply %15, %5 : tensor<3x7xf32>
    return %10, %16 : tensor<3x1xf32>, tensor<3x7xf32>
  }
}

// matrixProduct 1x1x1 
module @bezoar {
  func.func public @main(%arg0: tensor<1x1xf32>, %arg1: tensor<1x1xf32>) -> (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x1xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.dot_general %2, %arg1, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
    %4 = stablehlo.dot_general %arg0, %2, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
    return %0, %3, %4 : tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x1xf32>
  }
}

// matrixProduct 3x4x5 
module @bezoar {
  func.func public @main(%arg0: tensor<3x4xf32>, %arg1: tensor<4x5xf32>) -> (tensor<3x5xf32>, tensor<3x4xf32>, tensor<4x5xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x5xf32>
    %4 = stablehlo.dot_general %3, %arg1, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<3x5xf32>, tensor<4x5xf32>) -> tensor<3x4xf32>
    %5 = stablehlo.dot_general %arg0, %3, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<3x4xf32>, tensor<3x5xf32>) -> tensor<4x5xf32>
    return %0, %4, %5 : tensor<3x5xf32>, tensor<3x4xf32>, tensor<4x5xf32>
  }
}

// matrixProduct 70x9x33 
module @bezoar {
  func.func public @main(%arg0: tensor<70x9xf32>, %arg1: tensor<9x33xf32>) -> (tensor<70x33xf32>, tensor<70x9xf32>, tensor<9x33xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<70x9xf32>, tensor<9x33xf32>) -> tensor<70x33xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<70x33xf32>
    %4 = stablehlo.dot_general %3, %arg1, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<70x33xf32>, tensor<9x33xf32>) -> tensor<70x9xf32>
    %5 = stablehlo.dot_general %arg0, %3, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<70x9xf32>, tensor<70x33xf32>) -> tensor<9x33xf32>
    return %0, %4, %5 : tensor<70x33xf32>, tensor<70x9xf32>, tensor<9x33xf32>
  }
}

// matrixProduct 5x8x90 
module @bezoar {
  func.func public @main(%arg0: tensor<5x8xf32>, %arg1: tensor<8x90xf32>) -> (tensor<5x90xf32>, tensor<5x8xf32>, tensor<8x90xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<5x8xf32>, tensor<8x90xf32>) -> tensor<5x90xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<5x90xf32>
    %4 = stablehlo.dot_general %3, %arg1, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<5x90xf32>, tensor<8x90xf32>) -> tensor<5x8xf32>
    %5 = stablehlo.dot_general %arg0, %3, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<5x8xf32>, tensor<5x90xf32>) -> tensor<8x90xf32>
    return %0, %4, %5 : tensor<5x90xf32>, tensor<5x8xf32>, tensor<8x90xf32>
  }
}

// matrixProduct 90x20x1 
module @bezoar {
  func.func public @main(%arg0: tensor<90x20xf32>, %arg1: tensor<20x1xf32>) -> (tensor<90x1xf32>, tensor<90x20xf32>, tensor<20x1xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<90x20xf32>, tensor<20x1xf32>) -> tensor<90x1xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<90x1xf32>
    %4 = stablehlo.dot_general %3, %arg1, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<90x1xf32>, tensor<20x1xf32>) -> tensor<90x20xf32>
    %5 = stablehlo.dot_general %arg0, %3, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<90x20xf32>, tensor<90x1xf32>) -> tensor<20x1xf32>
    return %0, %4, %5 : tensor<90x1xf32>, tensor<90x20xf32>, tensor<20x1xf32>
  }
}

// matrixProduct of 3 pairs 
module @bezoar {
  func.func public @main(%arg0: tensor<3x4x9xf32>, %arg1: tensor<3x9x7xf32>) -> (tensor<3x4x7xf32>, tensor<3x4x9xf32>, tensor<3x9x7xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [HIGHEST, HIGHEST] : (tensor<3x4x9xf32>, tensor<3x9x7xf32>) -> tensor<3x4x7xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2] : (tensor<1x1x1xf32>) -> tensor<3x4x7xf32>
    %4 = stablehlo.dot_general %3, %arg1, batching_dims = [0] x [0], contracting_dims = [2] x [2], precision = [HIGHEST, HIGHEST] : (tensor<3x4x7xf32>, tensor<3x9x7xf32>) -> tensor<3x4x9xf32>
    %5 = stablehlo.dot_general %arg0, %3, batching_dims = [0] x [0], contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<3x4x9xf32>, tensor<3x4x7xf32>) -> tensor<3x9x7xf32>
    return %0, %4, %5 : tensor<3x4x7xf32>, tensor<3x4x9xf32>, tensor<3x9x7xf32>
  }
}

// matrixProduct 1x1x1 t
module @bezoar {
  func.func public @main(%arg0: tensor<1x1xf32>, %arg1: tensor<1x1xf32>) -> (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x1xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.dot_general %2, %arg1, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
    %4 = stablehlo.dot_general %2, %arg0, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
    return %0, %3, %4 : tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x1xf32>
  }
}

// matrixProduct 3x4x5 t
module @bezoar {
  func.func public @main(%arg0: tensor<3x4xf32>, %arg1: tensor<5x4xf32>) -> (tensor<3x5xf32>, tensor<3x4xf32>, tensor<5x4xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<3x4xf32>, tensor<5x4xf32>) -> tensor<3x5xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x5xf32>
    %4 = stablehlo.dot_general %3, %arg1, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<3x5xf32>, tensor<5x4xf32>) -> tensor<3x4xf32>
    %5 = stablehlo.dot_general %3, %arg0, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<3x5xf32>, tensor<3x4xf32>) -> tensor<5x4xf32>
    return %0, %4, %5 : tensor<3x5xf32>, tensor<3x4xf32>, tensor<5x4xf32>
  }
}

// matrixProduct 70x9x33 t
module @bezoar {
  func.func public @main(%arg0: tensor<70x9xf32>, %arg1: tensor<33x9xf32>) -> (tensor<70x33xf32>, tensor<70x9xf32>, tensor<33x9xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<70x9xf32>, tensor<33x9xf32>) -> tensor<70x33xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<70x33xf32>
    %4 = stablehlo.dot_general %3, %arg1, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<70x33xf32>, tensor<33x9xf32>) -> tensor<70x9xf32>
    %5 = stablehlo.dot_general %3, %arg0, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<70x33xf32>, tensor<70x9xf32>) -> tensor<33x9xf32>
    return %0, %4, %5 : tensor<70x33xf32>, tensor<70x9xf32>, tensor<33x9xf32>
  }
}

// matrixProduct 5x8x90 t
module @bezoar {
  func.func public @main(%arg0: tensor<5x8xf32>, %arg1: tensor<90x8xf32>) -> (tensor<5x90xf32>, tensor<5x8xf32>, tensor<90x8xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<5x8xf32>, tensor<90x8xf32>) -> tensor<5x90xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<5x90xf32>
    %4 = stablehlo.dot_general %3, %arg1, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<5x90xf32>, tensor<90x8xf32>) -> tensor<5x8xf32>
    %5 = stablehlo.dot_general %3, %arg0, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<5x90xf32>, tensor<5x8xf32>) -> tensor<90x8xf32>
    return %0, %4, %5 : tensor<5x90xf32>, tensor<5x8xf32>, tensor<90x8xf32>
  }
}

// matrixProduct 90x20x1 t
module @bezoar {
  func.func public @main(%arg0: tensor<90x20xf32>, %arg1: tensor<1x20xf32>) -> (tensor<90x1xf32>, tensor<90x20xf32>, tensor<1x20xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<90x20xf32>, tensor<1x20xf32>) -> tensor<90x1xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<90x1xf32>
    %4 = stablehlo.dot_general %3, %arg1, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<90x1xf32>, tensor<1x20xf32>) -> tensor<90x20xf32>
    %5 = stablehlo.dot_general %3, %arg0, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<90x1xf32>, tensor<90x20xf32>) -> tensor<1x20xf32>
    return %0, %4, %5 : tensor<90x1xf32>, tensor<90x20xf32>, tensor<1x20xf32>
  }
}

// matrixProduct of 3 pairs t
module @bezoar {
  func.func public @main(%arg0: tensor<3x4x9xf32>, %arg1: tensor<3x7x9xf32>) -> (tensor<3x4x7xf32>, tensor<3x4x9xf32>, tensor<3x7x9xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, batching_dims = [0] x [0], contracting_dims = [2] x [2], precision = [HIGHEST, HIGHEST] : (tensor<3x4x9xf32>, tensor<3x7x9xf32>) -> tensor<3x4x7xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2] : (tensor<1x1x1xf32>) -> tensor<3x4x7xf32>
    %4 = stablehlo.dot_general %3, %arg1, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [HIGHEST, HIGHEST] : (tensor<3x4x7xf32>, tensor<3x7x9xf32>) -> tensor<3x4x9xf32>
    %5 = stablehlo.dot_general %3, %arg0, batching_dims = [0] x [0], contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<3x4x7xf32>, tensor<3x4x9xf32>) -> tensor<3x7x9xf32>
    return %0, %4, %5 : tensor<3x4x7xf32>, tensor<3x4x9xf32>, tensor<3x7x9xf32>
  }
}

// matrixProduct 1x1x1 T
module @bezoar {
  func.func public @main(%arg0: tensor<1x1xf32>, %arg1: tensor<1x1xf32>) -> (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x1xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.dot_general %arg1, %2, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
    %4 = stablehlo.dot_general %arg0, %2, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
    return %0, %3, %4 : tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x1xf32>
  }
}

// matrixProduct 3x4x5 T
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<4x5xf32>) -> (tensor<3x5xf32>, tensor<4x3xf32>, tensor<4x5xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<4x3xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x5xf32>
    %4 = stablehlo.dot_general %arg1, %3, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<4x5xf32>, tensor<3x5xf32>) -> tensor<4x3xf32>
    %5 = stablehlo.dot_general %arg0, %3, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<4x3xf32>, tensor<3x5xf32>) -> tensor<4x5xf32>
    return %0, %4, %5 : tensor<3x5xf32>, tensor<4x3xf32>, tensor<4x5xf32>
  }
}

// matrixProduct 70x9x33 T
module @bezoar {
  func.func public @main(%arg0: tensor<9x70xf32>, %arg1: tensor<9x33xf32>) -> (tensor<70x33xf32>, tensor<9x70xf32>, tensor<9x33xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<9x70xf32>, tensor<9x33xf32>) -> tensor<70x33xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<70x33xf32>
    %4 = stablehlo.dot_general %arg1, %3, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<9x33xf32>, tensor<70x33xf32>) -> tensor<9x70xf32>
    %5 = stablehlo.dot_general %arg0, %3, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<9x70xf32>, tensor<70x33xf32>) -> tensor<9x33xf32>
    return %0, %4, %5 : tensor<70x33xf32>, tensor<9x70xf32>, tensor<9x33xf32>
  }
}

// matrixProduct 5x8x90 T
module @bezoar {
  func.func public @main(%arg0: tensor<8x5xf32>, %arg1: tensor<8x90xf32>) -> (tensor<5x90xf32>, tensor<8x5xf32>, tensor<8x90xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<8x5xf32>, tensor<8x90xf32>) -> tensor<5x90xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<5x90xf32>
    %4 = stablehlo.dot_general %arg1, %3, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<8x90xf32>, tensor<5x90xf32>) -> tensor<8x5xf32>
    %5 = stablehlo.dot_general %arg0, %3, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<8x5xf32>, tensor<5x90xf32>) -> tensor<8x90xf32>
    return %0, %4, %5 : tensor<5x90xf32>, tensor<8x5xf32>, tensor<8x90xf32>
  }
}

// matrixProduct 90x20x1 T
module @bezoar {
  func.func public @main(%arg0: tensor<20x90xf32>, %arg1: tensor<20x1xf32>) -> (tensor<90x1xf32>, tensor<20x90xf32>, tensor<20x1xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<20x90xf32>, tensor<20x1xf32>) -> tensor<90x1xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<90x1xf32>
    %4 = stablehlo.dot_general %arg1, %3, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<20x1xf32>, tensor<90x1xf32>) -> tensor<20x90xf32>
    %5 = stablehlo.dot_general %arg0, %3, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<20x90xf32>, tensor<90x1xf32>) -> tensor<20x1xf32>
    return %0, %4, %5 : tensor<90x1xf32>, tensor<20x90xf32>, tensor<20x1xf32>
  }
}

// matrixProduct of 3 pairs T
module @bezoar {
  func.func public @main(%arg0: tensor<3x9x4xf32>, %arg1: tensor<3x9x7xf32>) -> (tensor<3x4x7xf32>, tensor<3x9x4xf32>, tensor<3x9x7xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, batching_dims = [0] x [0], contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<3x9x4xf32>, tensor<3x9x7xf32>) -> tensor<3x4x7xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2] : (tensor<1x1x1xf32>) -> tensor<3x4x7xf32>
    %4 = stablehlo.dot_general %arg1, %3, batching_dims = [0] x [0], contracting_dims = [2] x [2], precision = [HIGHEST, HIGHEST] : (tensor<3x9x7xf32>, tensor<3x4x7xf32>) -> tensor<3x9x4xf32>
    %5 = stablehlo.dot_general %arg0, %3, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [HIGHEST, HIGHEST] : (tensor<3x9x4xf32>, tensor<3x4x7xf32>) -> tensor<3x9x7xf32>
    return %0, %4, %5 : tensor<3x4x7xf32>, tensor<3x9x4xf32>, tensor<3x9x7xf32>
  }
}

// matrixProduct 1x1x1 Tt
module @bezoar {
  func.func public @main(%arg0: tensor<1x1xf32>, %arg1: tensor<1x1xf32>) -> (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x1xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [0] x [1], precision = [HIGHEST, HIGHEST] : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.dot_general %arg1, %2, contracting_dims = [0] x [1], precision = [HIGHEST, HIGHEST] : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
    %4 = stablehlo.dot_general %2, %arg0, contracting_dims = [0] x [1], precision = [HIGHEST, HIGHEST] : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
    return %0, %3, %4 : tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x1xf32>
  }
}

// matrixProduct 3x4x5 Tt
module @bezoar {
  func.func public @main(%arg0: tensor<4x3xf32>, %arg1: tensor<5x4xf32>) -> (tensor<3x5xf32>, tensor<4x3xf32>, tensor<5x4xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [0] x [1], precision = [HIGHEST, HIGHEST] : (tensor<4x3xf32>, tensor<5x4xf32>) -> tensor<3x5xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<3x5xf32>
    %4 = stablehlo.dot_general %arg1, %3, contracting_dims = [0] x [1], precision = [HIGHEST, HIGHEST] : (tensor<5x4xf32>, tensor<3x5xf32>) -> tensor<4x3xf32>
    %5 = stablehlo.dot_general %3, %arg0, contracting_dims = [0] x [1], precision = [HIGHEST, HIGHEST] : (tensor<3x5xf32>, tensor<4x3xf32>) -> tensor<5x4xf32>
    return %0, %4, %5 : tensor<3x5xf32>, tensor<4x3xf32>, tensor<5x4xf32>
  }
}

// matrixProduct 70x9x33 Tt
module @bezoar {
  func.func public @main(%arg0: tensor<9x70xf32>, %arg1: tensor<33x9xf32>) -> (tensor<70x33xf32>, tensor<9x70xf32>, tensor<33x9xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [0] x [1], precision = [HIGHEST, HIGHEST] : (tensor<9x70xf32>, tensor<33x9xf32>) -> tensor<70x33xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<70x33xf32>
    %4 = stablehlo.dot_general %arg1, %3, contracting_dims = [0] x [1], precision = [HIGHEST, HIGHEST] : (tensor<33x9xf32>, tensor<70x33xf32>) -> tensor<9x70xf32>
    %5 = stablehlo.dot_general %3, %arg0, contracting_dims = [0] x [1], precision = [HIGHEST, HIGHEST] : (tensor<70x33xf32>, tensor<9x70xf32>) -> tensor<33x9xf32>
    return %0, %4, %5 : tensor<70x33xf32>, tensor<9x70xf32>, tensor<33x9xf32>
  }
}

// matrixProduct 5x8x90 Tt
module @bezoar {
  func.func public @main(%arg0: tensor<8x5xf32>, %arg1: tensor<90x8xf32>) -> (tensor<5x90xf32>, tensor<8x5xf32>, tensor<90x8xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [0] x [1], precision = [HIGHEST, HIGHEST] : (tensor<8x5xf32>, tensor<90x8xf32>) -> tensor<5x90xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<5x90xf32>
    %4 = stablehlo.dot_general %arg1, %3, contracting_dims = [0] x [1], precision = [HIGHEST, HIGHEST] : (tensor<90x8xf32>, tensor<5x90xf32>) -> tensor<8x5xf32>
    %5 = stablehlo.dot_general %3, %arg0, contracting_dims = [0] x [1], precision = [HIGHEST, HIGHEST] : (tensor<5x90xf32>, tensor<8x5xf32>) -> tensor<90x8xf32>
    return %0, %4, %5 : tensor<5x90xf32>, tensor<8x5xf32>, tensor<90x8xf32>
  }
}

// matrixProduct 90x20x1 Tt
module @bezoar {
  func.func public @main(%arg0: tensor<20x90xf32>, %arg1: tensor<1x20xf32>) -> (tensor<90x1xf32>, tensor<20x90xf32>, tensor<1x20xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [0] x [1], precision = [HIGHEST, HIGHEST] : (tensor<20x90xf32>, tensor<1x20xf32>) -> tensor<90x1xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<90x1xf32>
    %4 = stablehlo.dot_general %arg1, %3, contracting_dims = [0] x [1], precision = [HIGHEST, HIGHEST] : (tensor<1x20xf32>, tensor<90x1xf32>) -> tensor<20x90xf32>
    %5 = stablehlo.dot_general %3, %arg0, contracting_dims = [0] x [1], precision = [HIGHEST, HIGHEST] : (tensor<90x1xf32>, tensor<20x90xf32>) -> tensor<1x20xf32>
    return %0, %4, %5 : tensor<90x1xf32>, tensor<20x90xf32>, tensor<1x20xf32>
  }
}

// matrixProduct of 3 pairs Tt
module @bezoar {
  func.func public @main(%arg0: tensor<3x9x4xf32>, %arg1: tensor<3x7x9xf32>) -> (tensor<3x4x7xf32>, tensor<3x9x4xf32>, tensor<3x7x9xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, batching_dims = [0] x [0], contracting_dims = [1] x [2], precision = [HIGHEST, HIGHEST] : (tensor<3x9x4xf32>, tensor<3x7x9xf32>) -> tensor<3x4x7xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2] : (tensor<1x1x1xf32>) -> tensor<3x4x7xf32>
    %4 = stablehlo.dot_general %arg1, %3, batching_dims = [0] x [0], contracting_dims = [1] x [2], precision = [HIGHEST, HIGHEST] : (tensor<3x7x9xf32>, tensor<3x4x7xf32>) -> tensor<3x9x4xf32>
    %5 = stablehlo.dot_general %3, %arg0, batching_dims = [0] x [0], contracting_dims = [1] x [2], precision = [HIGHEST, HIGHEST] : (tensor<3x4x7xf32>, tensor<3x9x4xf32>) -> tensor<3x7x9xf32>
    return %0, %4, %5 : tensor<3x4x7xf32>, tensor<3x9x4xf32>, tensor<3x7x9xf32>
  }
}

// convolution 1x1x1x1 to 1, kernel 1 stride 1 padding 0
module @bezoar {
  func.func public @main(%arg0: tensor<1x1x1x1xf32>, %arg1: tensor<1x1x1x1xf32>) -> (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<1x1x1x1xf32>
    %4 = stablehlo.convolution(%2, %3) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
    %5 = stablehlo.convolution(%arg0, %2) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
    return %0, %4, %5 : tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>
  }
}

// convolution 2x5x7x3 to 5, kernel 3 stride 1 padding 1
module @bezoar {
  func.func public @main(%arg0: tensor<2x5x7x3xf32>, %arg1: tensor<3x3x3x5xf32>) -> (tensor<2x5x7x5xf32>, tensor<2x5x7x3xf32>, tensor<3x3x3x5xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x5x7x3xf32>, tensor<3x3x3x5xf32>) -> tensor<2x5x7x5xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x5x7x5xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x3x5xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x5x7x5xf32>, tensor<3x3x3x5xf32>) -> tensor<2x5x7x3xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x5x7x3xf32>, tensor<2x5x7x5xf32>) -> tensor<3x3x3x5xf32>
    return %0, %5, %6 : tensor<2x5x7x5xf32>, tensor<2x5x7x3xf32>, tensor<3x3x3x5xf32>
  }
}

// convolution 3x8x8x4 to 16, kernel 3 stride 2 padding 1
module @bezoar {
  func.func public @main(%arg0: tensor<3x8x8x4xf32>, %arg1: tensor<3x3x4x16xf32>) -> (tensor<3x4x4x16xf32>, tensor<3x8x8x4xf32>, tensor<3x3x4x16xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [2, 2], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<3x8x8x4xf32>, tensor<3x3x4x16xf32>) -> tensor<3x4x4x16xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<3x4x4x16xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x4x16xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 2], [1, 2]], lhs_dilate = [2, 2], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<3x4x4x16xf32>, tensor<3x3x4x16xf32>) -> tensor<3x8x8x4xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[1, 0], [1, 0]], lhs_dilate = [1, 1], rhs_dilate = [2, 2], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<3x8x8x4xf32>, tensor<3x4x4x16xf32>) -> tensor<3x3x4x16xf32>
    return %0, %5, %6 : tensor<3x4x4x16xf32>, tensor<3x8x8x4xf32>, tensor<3x3x4x16xf32>
  }
}

// convolution 2x9x6x5 to 17, kernel 3 stride 2 padding 1
module @bezoar {
  func.func public @main(%arg0: tensor<2x9x6x5xf32>, %arg1: tensor<3x3x5x17xf32>) -> (tensor<2x5x3x17xf32>, tensor<2x9x6x5xf32>, tensor<3x3x5x17xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [2, 2], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x9x6x5xf32>, tensor<3x3x5x17xf32>) -> tensor<2x5x3x17xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x5x3x17xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x5x17xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 2]], lhs_dilate = [2, 2], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x5x3x17xf32>, tensor<3x3x5x17xf32>) -> tensor<2x9x6x5xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[1, 1], [1, 0]], lhs_dilate = [1, 1], rhs_dilate = [2, 2], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x9x6x5xf32>, tensor<2x5x3x17xf32>) -> tensor<3x3x5x17xf32>
    return %0, %5, %6 : tensor<2x5x3x17xf32>, tensor<2x9x6x5xf32>, tensor<3x3x5x17xf32>
  }
}

// convolution 2x6x6x8 to 33, kernel 1 stride 1 padding 0
module @bezoar {
  func.func public @main(%arg0: tensor<2x6x6x8xf32>, %arg1: tensor<1x1x8x33xf32>) -> (tensor<2x6x6x33xf32>, tensor<2x6x6x8xf32>, tensor<1x1x8x33xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x6x6x8xf32>, tensor<1x1x8x33xf32>) -> tensor<2x6x6x33xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x6x6x33xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<1x1x8x33xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x6x6x33xf32>, tensor<1x1x8x33xf32>) -> tensor<2x6x6x8xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x6x6x8xf32>, tensor<2x6x6x33xf32>) -> tensor<1x1x8x33xf32>
    return %0, %5, %6 : tensor<2x6x6x33xf32>, tensor<2x6x6x8xf32>, tensor<1x1x8x33xf32>
  }
}

// convolution 3x7x5x6 to 12, kernel 1 stride 2 padding 0
module @bezoar {
  func.func public @main(%arg0: tensor<3x7x5x6xf32>, %arg1: tensor<1x1x6x12xf32>) -> (tensor<3x4x3x12xf32>, tensor<3x7x5x6xf32>, tensor<1x1x6x12xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [2, 2], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<3x7x5x6xf32>, tensor<1x1x6x12xf32>) -> tensor<3x4x3x12xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<3x4x3x12xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<1x1x6x12xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[0, 0], [0, 0]], lhs_dilate = [2, 2], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<3x4x3x12xf32>, tensor<1x1x6x12xf32>) -> tensor<3x7x5x6xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [2, 2], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<3x7x5x6xf32>, tensor<3x4x3x12xf32>) -> tensor<1x1x6x12xf32>
    return %0, %5, %6 : tensor<3x4x3x12xf32>, tensor<3x7x5x6xf32>, tensor<1x1x6x12xf32>
  }
}

// convolution 2x11x13x3 to 9, kernel 7 stride 2 padding 3
module @bezoar {
  func.func public @main(%arg0: tensor<2x11x13x3xf32>, %arg1: tensor<7x7x3x9xf32>) -> (tensor<2x6x7x9xf32>, tensor<2x11x13x3xf32>, tensor<7x7x3x9xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [2, 2], pad = [[3, 3], [3, 3]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x11x13x3xf32>, tensor<7x7x3x9xf32>) -> tensor<2x6x7x9xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x6x7x9xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<7x7x3x9xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[3, 3], [3, 3]], lhs_dilate = [2, 2], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x6x7x9xf32>, tensor<7x7x3x9xf32>) -> tensor<2x11x13x3xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[3, 3], [3, 3]], lhs_dilate = [1, 1], rhs_dilate = [2, 2], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x11x13x3xf32>, tensor<2x6x7x9xf32>) -> tensor<7x7x3x9xf32>
    return %0, %5, %6 : tensor<2x6x7x9xf32>, tensor<2x11x13x3xf32>, tensor<7x7x3x9xf32>
  }
}

// convolution 1x5x5x2 to 3, kernel 3 stride 3 padding 1
module @bezoar {
  func.func public @main(%arg0: tensor<1x5x5x2xf32>, %arg1: tensor<3x3x2x3xf32>) -> (tensor<1x2x2x3xf32>, tensor<1x5x5x2xf32>, tensor<3x3x2x3xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [3, 3], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x5x5x2xf32>, tensor<3x3x2x3xf32>) -> tensor<1x2x2x3xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<1x2x2x3xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x2x3xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 2], [1, 2]], lhs_dilate = [3, 3], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x2x2x3xf32>, tensor<3x3x2x3xf32>) -> tensor<1x5x5x2xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[1, 0], [1, 0]], lhs_dilate = [1, 1], rhs_dilate = [3, 3], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x5x5x2xf32>, tensor<1x2x2x3xf32>) -> tensor<3x3x2x3xf32>
    return %0, %5, %6 : tensor<1x2x2x3xf32>, tensor<1x5x5x2xf32>, tensor<3x3x2x3xf32>
  }
}

// convolution 2x4x4x32 to 16, kernel 3 stride 1 padding 1
module @bezoar {
  func.func public @main(%arg0: tensor<2x4x4x32xf32>, %arg1: tensor<3x3x32x16xf32>) -> (tensor<2x4x4x16xf32>, tensor<2x4x4x32xf32>, tensor<3x3x32x16xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x4x4x32xf32>, tensor<3x3x32x16xf32>) -> tensor<2x4x4x16xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x4x4x16xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x32x16xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x4x4x16xf32>, tensor<3x3x32x16xf32>) -> tensor<2x4x4x32xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x4x4x32xf32>, tensor<2x4x4x16xf32>) -> tensor<3x3x32x16xf32>
    return %0, %5, %6 : tensor<2x4x4x16xf32>, tensor<2x4x4x32xf32>, tensor<3x3x32x16xf32>
  }
}

// convolution 2x3x26x2 to 40, kernel 3 stride 1 padding 1
module @bezoar {
  func.func public @main(%arg0: tensor<2x3x26x2xf32>, %arg1: tensor<3x3x2x40xf32>) -> (tensor<2x3x26x40xf32>, tensor<2x3x26x2xf32>, tensor<3x3x2x40xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x3x26x2xf32>, tensor<3x3x2x40xf32>) -> tensor<2x3x26x40xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x3x26x40xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x2x40xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x3x26x40xf32>, tensor<3x3x2x40xf32>) -> tensor<2x3x26x2xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x3x26x2xf32>, tensor<2x3x26x40xf32>) -> tensor<3x3x2x40xf32>
    return %0, %5, %6 : tensor<2x3x26x40xf32>, tensor<2x3x26x2xf32>, tensor<3x3x2x40xf32>
  }
}

// convolution 2x6x4x3 to 2, kernel 5 stride 1 padding 2
module @bezoar {
  func.func public @main(%arg0: tensor<2x6x4x3xf32>, %arg1: tensor<5x5x3x2xf32>) -> (tensor<2x6x4x2xf32>, tensor<2x6x4x3xf32>, tensor<5x5x3x2xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[2, 2], [2, 2]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x6x4x3xf32>, tensor<5x5x3x2xf32>) -> tensor<2x6x4x2xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x6x4x2xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<5x5x3x2xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[2, 2], [2, 2]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x6x4x2xf32>, tensor<5x5x3x2xf32>) -> tensor<2x6x4x3xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[2, 2], [2, 2]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x6x4x3xf32>, tensor<2x6x4x2xf32>) -> tensor<5x5x3x2xf32>
    return %0, %5, %6 : tensor<2x6x4x2xf32>, tensor<2x6x4x3xf32>, tensor<5x5x3x2xf32>
  }
}

// convolution 1x4x4x2 to 2, kernel 2 stride 2 padding 0
module @bezoar {
  func.func public @main(%arg0: tensor<1x4x4x2xf32>, %arg1: tensor<2x2x2x2xf32>) -> (tensor<1x2x2x2xf32>, tensor<1x4x4x2xf32>, tensor<2x2x2x2xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [2, 2], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x4x4x2xf32>, tensor<2x2x2x2xf32>) -> tensor<1x2x2x2xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<1x2x2x2xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<2x2x2x2xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [2, 2], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x2x2x2xf32>, tensor<2x2x2x2xf32>) -> tensor<1x4x4x2xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [2, 2], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x4x4x2xf32>, tensor<1x2x2x2xf32>) -> tensor<2x2x2x2xf32>
    return %0, %5, %6 : tensor<1x2x2x2xf32>, tensor<1x4x4x2xf32>, tensor<2x2x2x2xf32>
  }
}

// convolution 20x3x3x2 to 4, kernel 3 stride 1 padding 1
module @bezoar {
  func.func public @main(%arg0: tensor<20x3x3x2xf32>, %arg1: tensor<3x3x2x4xf32>) -> (tensor<20x3x3x4xf32>, tensor<20x3x3x2xf32>, tensor<3x3x2x4xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<20x3x3x2xf32>, tensor<3x3x2x4xf32>) -> tensor<20x3x3x4xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<20x3x3x4xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x2x4xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<20x3x3x4xf32>, tensor<3x3x2x4xf32>) -> tensor<20x3x3x2xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<20x3x3x2xf32>, tensor<20x3x3x4xf32>) -> tensor<3x3x2x4xf32>
    return %0, %5, %6 : tensor<20x3x3x4xf32>, tensor<20x3x3x2xf32>, tensor<3x3x2x4xf32>
  }
}

// convolution 2x10x10x13 to 8, kernel 3 stride 1 padding 0
module @bezoar {
  func.func public @main(%arg0: tensor<2x10x10x13xf32>, %arg1: tensor<3x3x13x8xf32>) -> (tensor<2x8x8x8xf32>, tensor<2x10x10x13xf32>, tensor<3x3x13x8xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x10x10x13xf32>, tensor<3x3x13x8xf32>) -> tensor<2x8x8x8xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x8x8x8xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x13x8xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[2, 2], [2, 2]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x8x8x8xf32>, tensor<3x3x13x8xf32>) -> tensor<2x10x10x13xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x10x10x13xf32>, tensor<2x8x8x8xf32>) -> tensor<3x3x13x8xf32>
    return %0, %5, %6 : tensor<2x8x8x8xf32>, tensor<2x10x10x13xf32>, tensor<3x3x13x8xf32>
  }
}

// convolution 2x8x8x16 to 16, kernel 3 stride 1 padding 1
module @bezoar {
  func.func public @main(%arg0: tensor<2x8x8x16xf32>, %arg1: tensor<3x3x16x16xf32>) -> (tensor<2x8x8x16xf32>, tensor<2x8x8x16xf32>, tensor<3x3x16x16xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x8x8x16xf32>, tensor<3x3x16x16xf32>) -> tensor<2x8x8x16xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x8x8x16xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x16x16xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x8x8x16xf32>, tensor<3x3x16x16xf32>) -> tensor<2x8x8x16xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x8x8x16xf32>, tensor<2x8x8x16xf32>) -> tensor<3x3x16x16xf32>
    return %0, %5, %6 : tensor<2x8x8x16xf32>, tensor<2x8x8x16xf32>, tensor<3x3x16x16xf32>
  }
}

// convolution 3x5x9x16 to 48, kernel 3 stride 1 padding 1
module @bezoar {
  func.func public @main(%arg0: tensor<3x5x9x16xf32>, %arg1: tensor<3x3x16x48xf32>) -> (tensor<3x5x9x48xf32>, tensor<3x5x9x16xf32>, tensor<3x3x16x48xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<3x5x9x16xf32>, tensor<3x3x16x48xf32>) -> tensor<3x5x9x48xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<3x5x9x48xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x16x48xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<3x5x9x48xf32>, tensor<3x3x16x48xf32>) -> tensor<3x5x9x16xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<3x5x9x16xf32>, tensor<3x5x9x48xf32>) -> tensor<3x3x16x48xf32>
    return %0, %5, %6 : tensor<3x5x9x48xf32>, tensor<3x5x9x16xf32>, tensor<3x3x16x48xf32>
  }
}

// convolution 1x7x6x32 to 16, kernel 3 stride 1 padding 0
module @bezoar {
  func.func public @main(%arg0: tensor<1x7x6x32xf32>, %arg1: tensor<3x3x32x16xf32>) -> (tensor<1x5x4x16xf32>, tensor<1x7x6x32xf32>, tensor<3x3x32x16xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x7x6x32xf32>, tensor<3x3x32x16xf32>) -> tensor<1x5x4x16xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<1x5x4x16xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x32x16xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[2, 2], [2, 2]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x5x4x16xf32>, tensor<3x3x32x16xf32>) -> tensor<1x7x6x32xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x7x6x32xf32>, tensor<1x5x4x16xf32>) -> tensor<3x3x32x16xf32>
    return %0, %5, %6 : tensor<1x5x4x16xf32>, tensor<1x7x6x32xf32>, tensor<3x3x32x16xf32>
  }
}

// convolution 2x4x3x16 to 32, kernel 3 stride 1 padding 2
module @bezoar {
  func.func public @main(%arg0: tensor<2x4x3x16xf32>, %arg1: tensor<3x3x16x32xf32>) -> (tensor<2x6x5x32xf32>, tensor<2x4x3x16xf32>, tensor<3x3x16x32xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[2, 2], [2, 2]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x4x3x16xf32>, tensor<3x3x16x32xf32>) -> tensor<2x6x5x32xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x6x5x32xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x16x32xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x6x5x32xf32>, tensor<3x3x16x32xf32>) -> tensor<2x4x3x16xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[2, 2], [2, 2]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x4x3x16xf32>, tensor<2x6x5x32xf32>) -> tensor<3x3x16x32xf32>
    return %0, %5, %6 : tensor<2x6x5x32xf32>, tensor<2x4x3x16xf32>, tensor<3x3x16x32xf32>
  }
}

// convolution 1x4x5x96 to 96, kernel 3 stride 1 padding 1
module @bezoar {
  func.func public @main(%arg0: tensor<1x4x5x96xf32>, %arg1: tensor<3x3x96x96xf32>) -> (tensor<1x4x5x96xf32>, tensor<1x4x5x96xf32>, tensor<3x3x96x96xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x4x5x96xf32>, tensor<3x3x96x96xf32>) -> tensor<1x4x5x96xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<1x4x5x96xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x96x96xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x4x5x96xf32>, tensor<3x3x96x96xf32>) -> tensor<1x4x5x96xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x4x5x96xf32>, tensor<1x4x5x96xf32>) -> tensor<3x3x96x96xf32>
    return %0, %5, %6 : tensor<1x4x5x96xf32>, tensor<1x4x5x96xf32>, tensor<3x3x96x96xf32>
  }
}

// convolution 1x23x21x16 to 16, kernel 3 stride 1 padding 1
module @bezoar {
  func.func public @main(%arg0: tensor<1x23x21x16xf32>, %arg1: tensor<3x3x16x16xf32>) -> (tensor<1x23x21x16xf32>, tensor<1x23x21x16xf32>, tensor<3x3x16x16xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x23x21x16xf32>, tensor<3x3x16x16xf32>) -> tensor<1x23x21x16xf32>
    %1 = stablehlo.constant dense<1.0> : tensor<f32>
    %2 = stablehlo.reshape %1 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<1x23x21x16xf32>
    %4 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x16x16xf32>
    %5 = stablehlo.convolution(%3, %4) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x23x21x16xf32>, tensor<3x3x16x16xf32>) -> tensor<1x23x21x16xf32>
    %6 = stablehlo.convolution(%arg0, %3) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<1x23x21x16xf32>, tensor<1x23x21x16xf32>) -> tensor<3x3x16x16xf32>
    return %0, %5, %6 : tensor<1x23x21x16xf32>, tensor<1x23x21x16xf32>, tensor<3x3x16x16xf32>
  }
}

// maxPool
module @bezoar {
  func.func public @main(%arg0: tensor<2x6x6x3xf32>) -> (tensor<2x3x3x3xf32>, tensor<2x6x6x3xf32>) {
    %0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %1 = "stablehlo.reduce_window"(%arg0, %0) <{padding = dense<[[0, 0], [0, 0], [0, 0], [0, 0]]> : tensor<4x2xi64>, window_dimensions = array<i64: 1, 2, 2, 1>, window_strides = array<i64: 1, 2, 2, 1>}> ({ ^bb0(%a: tensor<f32>, %b: tensor<f32>): %m = stablehlo.maximum %a, %b : tensor<f32> stablehlo.return %m : tensor<f32> }) : (tensor<2x6x6x3xf32>, tensor<f32>) -> tensor<2x3x3x3xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x3x3x3xf32>
    %5 = stablehlo.constant dense<0.0> : tensor<f32>
    %6 = "stablehlo.select_and_scatter"(%arg0, %4, %5) <{padding = dense<[[0, 0], [0, 0], [0, 0], [0, 0]]> : tensor<4x2xi64>, window_dimensions = array<i64: 1, 2, 2, 1>, window_strides = array<i64: 1, 2, 2, 1>}> ({ ^bb0(%a: tensor<f32>, %b: tensor<f32>): %m = stablehlo.compare GE, %a, %b, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1> stablehlo.return %m : tensor<i1> }, { ^bb0(%a: tensor<f32>, %b: tensor<f32>): %m = stablehlo.add %a, %b : tensor<f32> stablehlo.return %m : tensor<f32> }) : (tensor<2x6x6x3xf32>, tensor<2x3x3x3xf32>, tensor<f32>) -> tensor<2x6x6x3xf32>
    return %1, %6 : tensor<2x3x3x3xf32>, tensor<2x6x6x3xf32>
  }
}

// maxPool overlapping
module @bezoar {
  func.func public @main(%arg0: tensor<2x7x5x4xf32>) -> (tensor<2x4x3x4xf32>, tensor<2x7x5x4xf32>) {
    %0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %1 = "stablehlo.reduce_window"(%arg0, %0) <{padding = dense<[[0, 0], [1, 1], [1, 1], [0, 0]]> : tensor<4x2xi64>, window_dimensions = array<i64: 1, 3, 3, 1>, window_strides = array<i64: 1, 2, 2, 1>}> ({ ^bb0(%a: tensor<f32>, %b: tensor<f32>): %m = stablehlo.maximum %a, %b : tensor<f32> stablehlo.return %m : tensor<f32> }) : (tensor<2x7x5x4xf32>, tensor<f32>) -> tensor<2x4x3x4xf32>
    %2 = stablehlo.constant dense<1.0> : tensor<f32>
    %3 = stablehlo.reshape %2 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %4 = stablehlo.broadcast_in_dim %3, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x4x3x4xf32>
    %5 = stablehlo.constant dense<0.0> : tensor<f32>
    %6 = "stablehlo.select_and_scatter"(%arg0, %4, %5) <{padding = dense<[[0, 0], [1, 1], [1, 1], [0, 0]]> : tensor<4x2xi64>, window_dimensions = array<i64: 1, 3, 3, 1>, window_strides = array<i64: 1, 2, 2, 1>}> ({ ^bb0(%a: tensor<f32>, %b: tensor<f32>): %m = stablehlo.compare GE, %a, %b, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1> stablehlo.return %m : tensor<i1> }, { ^bb0(%a: tensor<f32>, %b: tensor<f32>): %m = stablehlo.add %a, %b : tensor<f32> stablehlo.return %m : tensor<f32> }) : (tensor<2x7x5x4xf32>, tensor<2x4x3x4xf32>, tensor<f32>) -> tensor<2x7x5x4xf32>
    return %1, %6 : tensor<2x4x3x4xf32>, tensor<2x7x5x4xf32>
  }
}

// moments
module @bezoar {
  func.func public @main(%arg0: tensor<3x5x7x4xf32>) -> (tensor<2x4xf32>) {
    %0 = stablehlo.constant dense<0.009523809887468815> : tensor<f32>
    %1 = stablehlo.constant dense<0.0> : tensor<f32>
    %2 = stablehlo.reduce(%arg0 init: %1) applies stablehlo.add across dimensions = [0, 1, 2] : (tensor<3x5x7x4xf32>, tensor<f32>) -> tensor<4xf32>
    %3 = stablehlo.reshape %2 : (tensor<4xf32>) -> tensor<1x4xf32>
    %4 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<1x4xf32>
    %5 = stablehlo.multiply %3, %4 : tensor<1x4xf32>
    %6 = stablehlo.broadcast_in_dim %5, dims = [2, 3] : (tensor<1x4xf32>) -> tensor<3x5x7x4xf32>
    %7 = stablehlo.subtract %arg0, %6 : tensor<3x5x7x4xf32>
    %8 = stablehlo.multiply %7, %7 : tensor<3x5x7x4xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [0, 1, 2] : (tensor<3x5x7x4xf32>, tensor<f32>) -> tensor<4xf32>
    %11 = stablehlo.reshape %10 : (tensor<4xf32>) -> tensor<1x4xf32>
    %12 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<1x4xf32>
    %13 = stablehlo.multiply %11, %12 : tensor<1x4xf32>
    %14 = stablehlo.concatenate %5, %13, dim = 0 : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<2x4xf32>
    return %14 : tensor<2x4xf32>
  }
}

// moments of many rows
module @bezoar {
  func.func public @main(%arg0: tensor<5000x3xf32>) -> (tensor<2x3xf32>) {
    %0 = stablehlo.constant dense<100.0> : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<5000x3xf32>
    %2 = stablehlo.add %arg0, %1 : tensor<5000x3xf32>
    %3 = stablehlo.constant dense<0.00019999999494757503> : tensor<f32>
    %4 = stablehlo.constant dense<0.0> : tensor<f32>
    %5 = stablehlo.reduce(%2 init: %4) applies stablehlo.add across dimensions = [0] : (tensor<5000x3xf32>, tensor<f32>) -> tensor<3xf32>
    %6 = stablehlo.reshape %5 : (tensor<3xf32>) -> tensor<1x3xf32>
    %7 = stablehlo.broadcast_in_dim %3, dims = [] : (tensor<f32>) -> tensor<1x3xf32>
    %8 = stablehlo.multiply %6, %7 : tensor<1x3xf32>
    %9 = stablehlo.broadcast_in_dim %8, dims = [0, 1] : (tensor<1x3xf32>) -> tensor<5000x3xf32>
    %10 = stablehlo.subtract %2, %9 : tensor<5000x3xf32>
    %11 = stablehlo.multiply %10, %10 : tensor<5000x3xf32>
    %12 = stablehlo.constant dense<0.0> : tensor<f32>
    %13 = stablehlo.reduce(%11 init: %12) applies stablehlo.add across dimensions = [0] : (tensor<5000x3xf32>, tensor<f32>) -> tensor<3xf32>
    %14 = stablehlo.reshape %13 : (tensor<3xf32>) -> tensor<1x3xf32>
    %15 = stablehlo.broadcast_in_dim %3, dims = [] : (tensor<f32>) -> tensor<1x3xf32>
    %16 = stablehlo.multiply %14, %15 : tensor<1x3xf32>
    %17 = stablehlo.concatenate %8, %16, dim = 0 : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
    return %17 : tensor<2x3xf32>
  }
}

// batch normalisation
module @bezoar {
  func.func public @main(%arg0: tensor<3x4x2x5xf32>, %arg1: tensor<5xf32>, %arg2: tensor<5xf32>) -> (tensor<3x4x2x5xf32>, tensor<3x4x2x5xf32>, tensor<5xf32>, tensor<5xf32>) {
    %0 = stablehlo.constant dense<0.0416666679084301> : tensor<f32>
    %1 = stablehlo.constant dense<0.0> : tensor<f32>
    %2 = stablehlo.reduce(%arg0 init: %1) applies stablehlo.add across dimensions = [0, 1, 2] : (tensor<3x4x2x5xf32>, tensor<f32>) -> tensor<5xf32>
    %3 = stablehlo.reshape %2 : (tensor<5xf32>) -> tensor<1x5xf32>
    %4 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<1x5xf32>
    %5 = stablehlo.multiply %3, %4 : tensor<1x5xf32>
    %6 = stablehlo.broadcast_in_dim %5, dims = [2, 3] : (tensor<1x5xf32>) -> tensor<3x4x2x5xf32>
    %7 = stablehlo.subtract %arg0, %6 : tensor<3x4x2x5xf32>
    %8 = stablehlo.multiply %7, %7 : tensor<3x4x2x5xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [0, 1, 2] : (tensor<3x4x2x5xf32>, tensor<f32>) -> tensor<5xf32>
    %11 = stablehlo.reshape %10 : (tensor<5xf32>) -> tensor<1x5xf32>
    %12 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<1x5xf32>
    %13 = stablehlo.multiply %11, %12 : tensor<1x5xf32>
    %14 = stablehlo.concatenate %5, %13, dim = 0 : (tensor<1x5xf32>, tensor<1x5xf32>) -> tensor<2x5xf32>
    %15 = stablehlo.slice %14 [0:1, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %16 = stablehlo.reshape %15 : (tensor<1x5xf32>) -> tensor<5xf32>
    %17 = stablehlo.slice %14 [1:2, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %18 = stablehlo.reshape %17 : (tensor<1x5xf32>) -> tensor<5xf32>
    %19 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %20 = stablehlo.broadcast_in_dim %19, dims = [] : (tensor<f32>) -> tensor<5xf32>
    %21 = stablehlo.add %18, %20 : tensor<5xf32>
    %22 = stablehlo.rsqrt %21 : tensor<5xf32>
    %23 = stablehlo.broadcast_in_dim %16, dims = [3] : (tensor<5xf32>) -> tensor<3x4x2x5xf32>
    %24 = stablehlo.subtract %arg0, %23 : tensor<3x4x2x5xf32>
    %25 = stablehlo.multiply %22, %arg1 : tensor<5xf32>
    %26 = stablehlo.broadcast_in_dim %25, dims = [3] : (tensor<5xf32>) -> tensor<3x4x2x5xf32>
    %27 = stablehlo.multiply %24, %26 : tensor<3x4x2x5xf32>
    %28 = stablehlo.broadcast_in_dim %arg2, dims = [3] : (tensor<5xf32>) -> tensor<3x4x2x5xf32>
    %29 = stablehlo.add %27, %28 : tensor<3x4x2x5xf32>
    %30 = stablehlo.constant dense<1.0> : tensor<f32>
    %31 = stablehlo.reshape %30 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %32 = stablehlo.broadcast_in_dim %31, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<3x4x2x5xf32>
    %33 = stablehlo.slice %14 [0:1, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %34 = stablehlo.reshape %33 : (tensor<1x5xf32>) -> tensor<5xf32>
    %35 = stablehlo.slice %14 [1:2, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %36 = stablehlo.reshape %35 : (tensor<1x5xf32>) -> tensor<5xf32>
    %37 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %38 = stablehlo.broadcast_in_dim %37, dims = [] : (tensor<f32>) -> tensor<5xf32>
    %39 = stablehlo.add %36, %38 : tensor<5xf32>
    %40 = stablehlo.rsqrt %39 : tensor<5xf32>
    %41 = stablehlo.broadcast_in_dim %34, dims = [3] : (tensor<5xf32>) -> tensor<3x4x2x5xf32>
    %42 = stablehlo.subtract %arg0, %41 : tensor<3x4x2x5xf32>
    %43 = stablehlo.broadcast_in_dim %40, dims = [3] : (tensor<5xf32>) -> tensor<3x4x2x5xf32>
    %44 = stablehlo.multiply %42, %43 : tensor<3x4x2x5xf32>
    %45 = stablehlo.multiply %32, %44 : tensor<3x4x2x5xf32>
    %46 = stablehlo.constant dense<0.0> : tensor<f32>
    %47 = stablehlo.reduce(%32 init: %46) applies stablehlo.add across dimensions = [0, 1, 2] : (tensor<3x4x2x5xf32>, tensor<f32>) -> tensor<5xf32>
    %48 = stablehlo.reshape %47 : (tensor<5xf32>) -> tensor<1x5xf32>
    %49 = stablehlo.constant dense<0.0> : tensor<f32>
    %50 = stablehlo.reduce(%45 init: %49) applies stablehlo.add across dimensions = [0, 1, 2] : (tensor<3x4x2x5xf32>, tensor<f32>) -> tensor<5xf32>
    %51 = stablehlo.reshape %50 : (tensor<5xf32>) -> tensor<1x5xf32>
    %52 = stablehlo.concatenate %48, %51, dim = 0 : (tensor<1x5xf32>, tensor<1x5xf32>) -> tensor<2x5xf32>
    %53 = stablehlo.slice %14 [0:1, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %54 = stablehlo.reshape %53 : (tensor<1x5xf32>) -> tensor<5xf32>
    %55 = stablehlo.slice %14 [1:2, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %56 = stablehlo.reshape %55 : (tensor<1x5xf32>) -> tensor<5xf32>
    %57 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %58 = stablehlo.broadcast_in_dim %57, dims = [] : (tensor<f32>) -> tensor<5xf32>
    %59 = stablehlo.add %56, %58 : tensor<5xf32>
    %60 = stablehlo.rsqrt %59 : tensor<5xf32>
    %61 = stablehlo.constant dense<0.0416666679084301> : tensor<f32>
    %62 = stablehlo.broadcast_in_dim %54, dims = [3] : (tensor<5xf32>) -> tensor<3x4x2x5xf32>
    %63 = stablehlo.subtract %arg0, %62 : tensor<3x4x2x5xf32>
    %64 = stablehlo.broadcast_in_dim %60, dims = [3] : (tensor<5xf32>) -> tensor<3x4x2x5xf32>
    %65 = stablehlo.multiply %63, %64 : tensor<3x4x2x5xf32>
    %66 = stablehlo.slice %52 [0:1, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %67 = stablehlo.reshape %66 : (tensor<1x5xf32>) -> tensor<5xf32>
    %68 = stablehlo.slice %52 [1:2, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %69 = stablehlo.reshape %68 : (tensor<1x5xf32>) -> tensor<5xf32>
    %70 = stablehlo.broadcast_in_dim %61, dims = [] : (tensor<f32>) -> tensor<5xf32>
    %71 = stablehlo.multiply %67, %70 : tensor<5xf32>
    %72 = stablehlo.broadcast_in_dim %71, dims = [3] : (tensor<5xf32>) -> tensor<3x4x2x5xf32>
    %73 = stablehlo.subtract %32, %72 : tensor<3x4x2x5xf32>
    %74 = stablehlo.broadcast_in_dim %61, dims = [] : (tensor<f32>) -> tensor<5xf32>
    %75 = stablehlo.multiply %69, %74 : tensor<5xf32>
    %76 = stablehlo.broadcast_in_dim %75, dims = [3] : (tensor<5xf32>) -> tensor<3x4x2x5xf32>
    %77 = stablehlo.multiply %65, %76 : tensor<3x4x2x5xf32>
    %78 = stablehlo.subtract %73, %77 : tensor<3x4x2x5xf32>
    %79 = stablehlo.multiply %60, %arg1 : tensor<5xf32>
    %80 = stablehlo.broadcast_in_dim %79, dims = [3] : (tensor<5xf32>) -> tensor<3x4x2x5xf32>
    %81 = stablehlo.multiply %78, %80 : tensor<3x4x2x5xf32>
    %82 = stablehlo.slice %52 [1:2, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %83 = stablehlo.reshape %82 : (tensor<1x5xf32>) -> tensor<5xf32>
    %84 = stablehlo.slice %52 [0:1, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %85 = stablehlo.reshape %84 : (tensor<1x5xf32>) -> tensor<5xf32>
    return %29, %81, %83, %85 : tensor<3x4x2x5xf32>, tensor<3x4x2x5xf32>, tensor<5xf32>, tensor<5xf32>
  }
}

// batch normalisation and ReLU
module @bezoar {
  func.func public @main(%arg0: tensor<6x7xf32>, %arg1: tensor<7xf32>, %arg2: tensor<7xf32>) -> (tensor<6x7xf32>, tensor<6x7xf32>, tensor<7xf32>, tensor<7xf32>) {
    %0 = stablehlo.constant dense<0.1666666716337204> : tensor<f32>
    %1 = stablehlo.constant dense<0.0> : tensor<f32>
    %2 = stablehlo.reduce(%arg0 init: %1) applies stablehlo.add across dimensions = [0] : (tensor<6x7xf32>, tensor<f32>) -> tensor<7xf32>
    %3 = stablehlo.reshape %2 : (tensor<7xf32>) -> tensor<1x7xf32>
    %4 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<1x7xf32>
    %5 = stablehlo.multiply %3, %4 : tensor<1x7xf32>
    %6 = stablehlo.broadcast_in_dim %5, dims = [0, 1] : (tensor<1x7xf32>) -> tensor<6x7xf32>
    %7 = stablehlo.subtract %arg0, %6 : tensor<6x7xf32>
    %8 = stablehlo.multiply %7, %7 : tensor<6x7xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [0] : (tensor<6x7xf32>, tensor<f32>) -> tensor<7xf32>
    %11 = stablehlo.reshape %10 : (tensor<7xf32>) -> tensor<1x7xf32>
    %12 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<1x7xf32>
    %13 = stablehlo.multiply %11, %12 : tensor<1x7xf32>
    %14 = stablehlo.concatenate %5, %13, dim = 0 : (tensor<1x7xf32>, tensor<1x7xf32>) -> tensor<2x7xf32>
    %15 = stablehlo.slice %14 [0:1, 0:7] : (tensor<2x7xf32>) -> tensor<1x7xf32>
    %16 = stablehlo.reshape %15 : (tensor<1x7xf32>) -> tensor<7xf32>
    %17 = stablehlo.slice %14 [1:2, 0:7] : (tensor<2x7xf32>) -> tensor<1x7xf32>
    %18 = stablehlo.reshape %17 : (tensor<1x7xf32>) -> tensor<7xf32>
    %19 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %20 = stablehlo.broadcast_in_dim %19, dims = [] : (tensor<f32>) -> tensor<7xf32>
    %21 = stablehlo.add %18, %20 : tensor<7xf32>
    %22 = stablehlo.rsqrt %21 : tensor<7xf32>
    %23 = stablehlo.broadcast_in_dim %16, dims = [1] : (tensor<7xf32>) -> tensor<6x7xf32>
    %24 = stablehlo.subtract %arg0, %23 : tensor<6x7xf32>
    %25 = stablehlo.multiply %22, %arg1 : tensor<7xf32>
    %26 = stablehlo.broadcast_in_dim %25, dims = [1] : (tensor<7xf32>) -> tensor<6x7xf32>
    %27 = stablehlo.multiply %24, %26 : tensor<6x7xf32>
    %28 = stablehlo.broadcast_in_dim %arg2, dims = [1] : (tensor<7xf32>) -> tensor<6x7xf32>
    %29 = stablehlo.add %27, %28 : tensor<6x7xf32>
    %30 = stablehlo.constant dense<0.0> : tensor<f32>
    %31 = stablehlo.broadcast_in_dim %30, dims = [] : (tensor<f32>) -> tensor<6x7xf32>
    %32 = stablehlo.maximum %29, %31 : tensor<6x7xf32>
    %33 = stablehlo.constant dense<1.0> : tensor<f32>
    %34 = stablehlo.reshape %33 : (tensor<f32>) -> tensor<1x1xf32>
    %35 = stablehlo.broadcast_in_dim %34, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<6x7xf32>
    %36 = stablehlo.constant dense<0.0> : tensor<f32>
    %37 = stablehlo.broadcast_in_dim %36, dims = [] : (tensor<f32>) -> tensor<6x7xf32>
    %38 = stablehlo.compare GT, %32, %37, FLOAT : (tensor<6x7xf32>, tensor<6x7xf32>) -> tensor<6x7xi1>
    %39 = stablehlo.convert %38 : (tensor<6x7xi1>) -> tensor<6x7xf32>
    %40 = stablehlo.multiply %35, %39 : tensor<6x7xf32>
    %41 = stablehlo.slice %14 [0:1, 0:7] : (tensor<2x7xf32>) -> tensor<1x7xf32>
    %42 = stablehlo.reshape %41 : (tensor<1x7xf32>) -> tensor<7xf32>
    %43 = stablehlo.slice %14 [1:2, 0:7] : (tensor<2x7xf32>) -> tensor<1x7xf32>
    %44 = stablehlo.reshape %43 : (tensor<1x7xf32>) -> tensor<7xf32>
    %45 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %46 = stablehlo.broadcast_in_dim %45, dims = [] : (tensor<f32>) -> tensor<7xf32>
    %47 = stablehlo.add %44, %46 : tensor<7xf32>
    %48 = stablehlo.rsqrt %47 : tensor<7xf32>
    %49 = stablehlo.broadcast_in_dim %42, dims = [1] : (tensor<7xf32>) -> tensor<6x7xf32>
    %50 = stablehlo.subtract %arg0, %49 : tensor<6x7xf32>
    %51 = stablehlo.broadcast_in_dim %48, dims = [1] : (tensor<7xf32>) -> tensor<6x7xf32>
    %52 = stablehlo.multiply %50, %51 : tensor<6x7xf32>
    %53 = stablehlo.multiply %40, %52 : tensor<6x7xf32>
    %54 = stablehlo.constant dense<0.0> : tensor<f32>
    %55 = stablehlo.reduce(%40 init: %54) applies stablehlo.add across dimensions = [0] : (tensor<6x7xf32>, tensor<f32>) -> tensor<7xf32>
    %56 = stablehlo.reshape %55 : (tensor<7xf32>) -> tensor<1x7xf32>
    %57 = stablehlo.constant dense<0.0> : tensor<f32>
    %58 = stablehlo.reduce(%53 init: %57) applies stablehlo.add across dimensions = [0] : (tensor<6x7xf32>, tensor<f32>) -> tensor<7xf32>
    %59 = stablehlo.reshape %58 : (tensor<7xf32>) -> tensor<1x7xf32>
    %60 = stablehlo.concatenate %56, %59, dim = 0 : (tensor<1x7xf32>, tensor<1x7xf32>) -> tensor<2x7xf32>
    %61 = stablehlo.slice %14 [0:1, 0:7] : (tensor<2x7xf32>) -> tensor<1x7xf32>
    %62 = stablehlo.reshape %61 : (tensor<1x7xf32>) -> tensor<7xf32>
    %63 = stablehlo.slice %14 [1:2, 0:7] : (tensor<2x7xf32>) -> tensor<1x7xf32>
    %64 = stablehlo.reshape %63 : (tensor<1x7xf32>) -> tensor<7xf32>
    %65 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %66 = stablehlo.broadcast_in_dim %65, dims = [] : (tensor<f32>) -> tensor<7xf32>
    %67 = stablehlo.add %64, %66 : tensor<7xf32>
    %68 = stablehlo.rsqrt %67 : tensor<7xf32>
    %69 = stablehlo.constant dense<0.1666666716337204> : tensor<f32>
    %70 = stablehlo.broadcast_in_dim %62, dims = [1] : (tensor<7xf32>) -> tensor<6x7xf32>
    %71 = stablehlo.subtract %arg0, %70 : tensor<6x7xf32>
    %72 = stablehlo.broadcast_in_dim %68, dims = [1] : (tensor<7xf32>) -> tensor<6x7xf32>
    %73 = stablehlo.multiply %71, %72 : tensor<6x7xf32>
    %74 = stablehlo.slice %60 [0:1, 0:7] : (tensor<2x7xf32>) -> tensor<1x7xf32>
    %75 = stablehlo.reshape %74 : (tensor<1x7xf32>) -> tensor<7xf32>
    %76 = stablehlo.slice %60 [1:2, 0:7] : (tensor<2x7xf32>) -> tensor<1x7xf32>
    %77 = stablehlo.reshape %76 : (tensor<1x7xf32>) -> tensor<7xf32>
    %78 = stablehlo.broadcast_in_dim %69, dims = [] : (tensor<f32>) -> tensor<7xf32>
    %79 = stablehlo.multiply %75, %78 : tensor<7xf32>
    %80 = stablehlo.broadcast_in_dim %79, dims = [1] : (tensor<7xf32>) -> tensor<6x7xf32>
    %81 = stablehlo.subtract %40, %80 : tensor<6x7xf32>
    %82 = stablehlo.broadcast_in_dim %69, dims = [] : (tensor<f32>) -> tensor<7xf32>
    %83 = stablehlo.multiply %77, %82 : tensor<7xf32>
    %84 = stablehlo.broadcast_in_dim %83, dims = [1] : (tensor<7xf32>) -> tensor<6x7xf32>
    %85 = stablehlo.multiply %73, %84 : tensor<6x7xf32>
    %86 = stablehlo.subtract %81, %85 : tensor<6x7xf32>
    %87 = stablehlo.multiply %68, %arg1 : tensor<7xf32>
    %88 = stablehlo.broadcast_in_dim %87, dims = [1] : (tensor<7xf32>) -> tensor<6x7xf32>
    %89 = stablehlo.multiply %86, %88 : tensor<6x7xf32>
    %90 = stablehlo.slice %60 [1:2, 0:7] : (tensor<2x7xf32>) -> tensor<1x7xf32>
    %91 = stablehlo.reshape %90 : (tensor<1x7xf32>) -> tensor<7xf32>
    %92 = stablehlo.slice %60 [0:1, 0:7] : (tensor<2x7xf32>) -> tensor<1x7xf32>
    %93 = stablehlo.reshape %92 : (tensor<1x7xf32>) -> tensor<7xf32>
    return %32, %89, %91, %93 : tensor<6x7xf32>, tensor<6x7xf32>, tensor<7xf32>, tensor<7xf32>
  }
}

// convolution, batch normalisation and ReLU
module @bezoar {
  func.func public @main(%arg0: tensor<2x5x6x16xf32>, %arg1: tensor<3x3x16x16xf32>, %arg2: tensor<16xf32>, %arg3: tensor<16xf32>) -> (tensor<2x5x6x16xf32>, tensor<2x5x6x16xf32>, tensor<3x3x16x16xf32>, tensor<16xf32>, tensor<16xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x5x6x16xf32>, tensor<3x3x16x16xf32>) -> tensor<2x5x6x16xf32>
    %1 = stablehlo.constant dense<0.01666666753590107> : tensor<f32>
    %2 = stablehlo.constant dense<0.0> : tensor<f32>
    %3 = stablehlo.reduce(%0 init: %2) applies stablehlo.add across dimensions = [0, 1, 2] : (tensor<2x5x6x16xf32>, tensor<f32>) -> tensor<16xf32>
    %4 = stablehlo.reshape %3 : (tensor<16xf32>) -> tensor<1x16xf32>
    %5 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<f32>) -> tensor<1x16xf32>
    %6 = stablehlo.multiply %4, %5 : tensor<1x16xf32>
    %7 = stablehlo.broadcast_in_dim %6, dims = [2, 3] : (tensor<1x16xf32>) -> tensor<2x5x6x16xf32>
    %8 = stablehlo.subtract %0, %7 : tensor<2x5x6x16xf32>
    %9 = stablehlo.multiply %8, %8 : tensor<2x5x6x16xf32>
    %10 = stablehlo.constant dense<0.0> : tensor<f32>
    %11 = stablehlo.reduce(%9 init: %10) applies stablehlo.add across dimensions = [0, 1, 2] : (tensor<2x5x6x16xf32>, tensor<f32>) -> tensor<16xf32>
    %12 = stablehlo.reshape %11 : (tensor<16xf32>) -> tensor<1x16xf32>
    %13 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<f32>) -> tensor<1x16xf32>
    %14 = stablehlo.multiply %12, %13 : tensor<1x16xf32>
    %15 = stablehlo.concatenate %6, %14, dim = 0 : (tensor<1x16xf32>, tensor<1x16xf32>) -> tensor<2x16xf32>
    %16 = stablehlo.slice %15 [0:1, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %17 = stablehlo.reshape %16 : (tensor<1x16xf32>) -> tensor<16xf32>
    %18 = stablehlo.slice %15 [1:2, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %19 = stablehlo.reshape %18 : (tensor<1x16xf32>) -> tensor<16xf32>
    %20 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %21 = stablehlo.broadcast_in_dim %20, dims = [] : (tensor<f32>) -> tensor<16xf32>
    %22 = stablehlo.add %19, %21 : tensor<16xf32>
    %23 = stablehlo.rsqrt %22 : tensor<16xf32>
    %24 = stablehlo.broadcast_in_dim %17, dims = [3] : (tensor<16xf32>) -> tensor<2x5x6x16xf32>
    %25 = stablehlo.subtract %0, %24 : tensor<2x5x6x16xf32>
    %26 = stablehlo.multiply %23, %arg2 : tensor<16xf32>
    %27 = stablehlo.broadcast_in_dim %26, dims = [3] : (tensor<16xf32>) -> tensor<2x5x6x16xf32>
    %28 = stablehlo.multiply %25, %27 : tensor<2x5x6x16xf32>
    %29 = stablehlo.broadcast_in_dim %arg3, dims = [3] : (tensor<16xf32>) -> tensor<2x5x6x16xf32>
    %30 = stablehlo.add %28, %29 : tensor<2x5x6x16xf32>
    %31 = stablehlo.constant dense<0.0> : tensor<f32>
    %32 = stablehlo.broadcast_in_dim %31, dims = [] : (tensor<f32>) -> tensor<2x5x6x16xf32>
    %33 = stablehlo.maximum %30, %32 : tensor<2x5x6x16xf32>
    %34 = stablehlo.constant dense<1.0> : tensor<f32>
    %35 = stablehlo.reshape %34 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %36 = stablehlo.broadcast_in_dim %35, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x5x6x16xf32>
    %37 = stablehlo.constant dense<0.0> : tensor<f32>
    %38 = stablehlo.broadcast_in_dim %37, dims = [] : (tensor<f32>) -> tensor<2x5x6x16xf32>
    %39 = stablehlo.compare GT, %33, %38, FLOAT : (tensor<2x5x6x16xf32>, tensor<2x5x6x16xf32>) -> tensor<2x5x6x16xi1>
    %40 = stablehlo.convert %39 : (tensor<2x5x6x16xi1>) -> tensor<2x5x6x16xf32>
    %41 = stablehlo.multiply %36, %40 : tensor<2x5x6x16xf32>
    %42 = stablehlo.slice %15 [0:1, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %43 = stablehlo.reshape %42 : (tensor<1x16xf32>) -> tensor<16xf32>
    %44 = stablehlo.slice %15 [1:2, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %45 = stablehlo.reshape %44 : (tensor<1x16xf32>) -> tensor<16xf32>
    %46 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %47 = stablehlo.broadcast_in_dim %46, dims = [] : (tensor<f32>) -> tensor<16xf32>
    %48 = stablehlo.add %45, %47 : tensor<16xf32>
    %49 = stablehlo.rsqrt %48 : tensor<16xf32>
    %50 = stablehlo.broadcast_in_dim %43, dims = [3] : (tensor<16xf32>) -> tensor<2x5x6x16xf32>
    %51 = stablehlo.subtract %0, %50 : tensor<2x5x6x16xf32>
    %52 = stablehlo.broadcast_in_dim %49, dims = [3] : (tensor<16xf32>) -> tensor<2x5x6x16xf32>
    %53 = stablehlo.multiply %51, %52 : tensor<2x5x6x16xf32>
    %54 = stablehlo.multiply %41, %53 : tensor<2x5x6x16xf32>
    %55 = stablehlo.constant dense<0.0> : tensor<f32>
    %56 = stablehlo.reduce(%41 init: %55) applies stablehlo.add across dimensions = [0, 1, 2] : (tensor<2x5x6x16xf32>, tensor<f32>) -> tensor<16xf32>
    %57 = stablehlo.reshape %56 : (tensor<16xf32>) -> tensor<1x16xf32>
    %58 = stablehlo.constant dense<0.0> : tensor<f32>
    %59 = stablehlo.reduce(%54 init: %58) applies stablehlo.add across dimensions = [0, 1, 2] : (tensor<2x5x6x16xf32>, tensor<f32>) -> tensor<16xf32>
    %60 = stablehlo.reshape %59 : (tensor<16xf32>) -> tensor<1x16xf32>
    %61 = stablehlo.concatenate %57, %60, dim = 0 : (tensor<1x16xf32>, tensor<1x16xf32>) -> tensor<2x16xf32>
    %62 = stablehlo.slice %15 [0:1, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %63 = stablehlo.reshape %62 : (tensor<1x16xf32>) -> tensor<16xf32>
    %64 = stablehlo.slice %15 [1:2, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %65 = stablehlo.reshape %64 : (tensor<1x16xf32>) -> tensor<16xf32>
    %66 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %67 = stablehlo.broadcast_in_dim %66, dims = [] : (tensor<f32>) -> tensor<16xf32>
    %68 = stablehlo.add %65, %67 : tensor<16xf32>
    %69 = stablehlo.rsqrt %68 : tensor<16xf32>
    %70 = stablehlo.constant dense<0.01666666753590107> : tensor<f32>
    %71 = stablehlo.broadcast_in_dim %63, dims = [3] : (tensor<16xf32>) -> tensor<2x5x6x16xf32>
    %72 = stablehlo.subtract %0, %71 : tensor<2x5x6x16xf32>
    %73 = stablehlo.broadcast_in_dim %69, dims = [3] : (tensor<16xf32>) -> tensor<2x5x6x16xf32>
    %74 = stablehlo.multiply %72, %73 : tensor<2x5x6x16xf32>
    %75 = stablehlo.slice %61 [0:1, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %76 = stablehlo.reshape %75 : (tensor<1x16xf32>) -> tensor<16xf32>
    %77 = stablehlo.slice %61 [1:2, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %78 = stablehlo.reshape %77 : (tensor<1x16xf32>) -> tensor<16xf32>
    %79 = stablehlo.broadcast_in_dim %70, dims = [] : (tensor<f32>) -> tensor<16xf32>
    %80 = stablehlo.multiply %76, %79 : tensor<16xf32>
    %81 = stablehlo.broadcast_in_dim %80, dims = [3] : (tensor<16xf32>) -> tensor<2x5x6x16xf32>
    %82 = stablehlo.subtract %41, %81 : tensor<2x5x6x16xf32>
    %83 = stablehlo.broadcast_in_dim %70, dims = [] : (tensor<f32>) -> tensor<16xf32>
    %84 = stablehlo.multiply %78, %83 : tensor<16xf32>
    %85 = stablehlo.broadcast_in_dim %84, dims = [3] : (tensor<16xf32>) -> tensor<2x5x6x16xf32>
    %86 = stablehlo.multiply %74, %85 : tensor<2x5x6x16xf32>
    %87 = stablehlo.subtract %82, %86 : tensor<2x5x6x16xf32>
    %88 = stablehlo.multiply %69, %arg2 : tensor<16xf32>
    %89 = stablehlo.broadcast_in_dim %88, dims = [3] : (tensor<16xf32>) -> tensor<2x5x6x16xf32>
    %90 = stablehlo.multiply %87, %89 : tensor<2x5x6x16xf32>
    %91 = stablehlo.slice %61 [1:2, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %92 = stablehlo.reshape %91 : (tensor<1x16xf32>) -> tensor<16xf32>
    %93 = stablehlo.slice %61 [0:1, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %94 = stablehlo.reshape %93 : (tensor<1x16xf32>) -> tensor<16xf32>
    %95 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x16x16xf32>
    %96 = stablehlo.convolution(%90, %95) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x5x6x16xf32>, tensor<3x3x16x16xf32>) -> tensor<2x5x6x16xf32>
    %97 = stablehlo.convolution(%arg0, %90) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x5x6x16xf32>, tensor<2x5x6x16xf32>) -> tensor<3x3x16x16xf32>
    return %33, %96, %97, %92, %94 : tensor<2x5x6x16xf32>, tensor<2x5x6x16xf32>, tensor<3x3x16x16xf32>, tensor<16xf32>, tensor<16xf32>
  }
}

// strided convolution, batch normalisation and ReLU
module @bezoar {
  func.func public @main(%arg0: tensor<2x6x7x3xf32>, %arg1: tensor<3x3x3x5xf32>, %arg2: tensor<5xf32>, %arg3: tensor<5xf32>) -> (tensor<2x3x4x5xf32>, tensor<2x6x7x3xf32>, tensor<3x3x3x5xf32>, tensor<5xf32>, tensor<5xf32>) {
    %0 = stablehlo.convolution(%arg0, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [2, 2], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x6x7x3xf32>, tensor<3x3x3x5xf32>) -> tensor<2x3x4x5xf32>
    %1 = stablehlo.constant dense<0.0416666679084301> : tensor<f32>
    %2 = stablehlo.constant dense<0.0> : tensor<f32>
    %3 = stablehlo.reduce(%0 init: %2) applies stablehlo.add across dimensions = [0, 1, 2] : (tensor<2x3x4x5xf32>, tensor<f32>) -> tensor<5xf32>
    %4 = stablehlo.reshape %3 : (tensor<5xf32>) -> tensor<1x5xf32>
    %5 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<f32>) -> tensor<1x5xf32>
    %6 = stablehlo.multiply %4, %5 : tensor<1x5xf32>
    %7 = stablehlo.broadcast_in_dim %6, dims = [2, 3] : (tensor<1x5xf32>) -> tensor<2x3x4x5xf32>
    %8 = stablehlo.subtract %0, %7 : tensor<2x3x4x5xf32>
    %9 = stablehlo.multiply %8, %8 : tensor<2x3x4x5xf32>
    %10 = stablehlo.constant dense<0.0> : tensor<f32>
    %11 = stablehlo.reduce(%9 init: %10) applies stablehlo.add across dimensions = [0, 1, 2] : (tensor<2x3x4x5xf32>, tensor<f32>) -> tensor<5xf32>
    %12 = stablehlo.reshape %11 : (tensor<5xf32>) -> tensor<1x5xf32>
    %13 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<f32>) -> tensor<1x5xf32>
    %14 = stablehlo.multiply %12, %13 : tensor<1x5xf32>
    %15 = stablehlo.concatenate %6, %14, dim = 0 : (tensor<1x5xf32>, tensor<1x5xf32>) -> tensor<2x5xf32>
    %16 = stablehlo.slice %15 [0:1, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %17 = stablehlo.reshape %16 : (tensor<1x5xf32>) -> tensor<5xf32>
    %18 = stablehlo.slice %15 [1:2, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %19 = stablehlo.reshape %18 : (tensor<1x5xf32>) -> tensor<5xf32>
    %20 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %21 = stablehlo.broadcast_in_dim %20, dims = [] : (tensor<f32>) -> tensor<5xf32>
    %22 = stablehlo.add %19, %21 : tensor<5xf32>
    %23 = stablehlo.rsqrt %22 : tensor<5xf32>
    %24 = stablehlo.broadcast_in_dim %17, dims = [3] : (tensor<5xf32>) -> tensor<2x3x4x5xf32>
    %25 = stablehlo.subtract %0, %24 : tensor<2x3x4x5xf32>
    %26 = stablehlo.multiply %23, %arg2 : tensor<5xf32>
    %27 = stablehlo.broadcast_in_dim %26, dims = [3] : (tensor<5xf32>) -> tensor<2x3x4x5xf32>
    %28 = stablehlo.multiply %25, %27 : tensor<2x3x4x5xf32>
    %29 = stablehlo.broadcast_in_dim %arg3, dims = [3] : (tensor<5xf32>) -> tensor<2x3x4x5xf32>
    %30 = stablehlo.add %28, %29 : tensor<2x3x4x5xf32>
    %31 = stablehlo.constant dense<0.0> : tensor<f32>
    %32 = stablehlo.broadcast_in_dim %31, dims = [] : (tensor<f32>) -> tensor<2x3x4x5xf32>
    %33 = stablehlo.maximum %30, %32 : tensor<2x3x4x5xf32>
    %34 = stablehlo.constant dense<1.0> : tensor<f32>
    %35 = stablehlo.reshape %34 : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %36 = stablehlo.broadcast_in_dim %35, dims = [0, 1, 2, 3] : (tensor<1x1x1x1xf32>) -> tensor<2x3x4x5xf32>
    %37 = stablehlo.constant dense<0.0> : tensor<f32>
    %38 = stablehlo.broadcast_in_dim %37, dims = [] : (tensor<f32>) -> tensor<2x3x4x5xf32>
    %39 = stablehlo.compare GT, %33, %38, FLOAT : (tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32>) -> tensor<2x3x4x5xi1>
    %40 = stablehlo.convert %39 : (tensor<2x3x4x5xi1>) -> tensor<2x3x4x5xf32>
    %41 = stablehlo.multiply %36, %40 : tensor<2x3x4x5xf32>
    %42 = stablehlo.slice %15 [0:1, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %43 = stablehlo.reshape %42 : (tensor<1x5xf32>) -> tensor<5xf32>
    %44 = stablehlo.slice %15 [1:2, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %45 = stablehlo.reshape %44 : (tensor<1x5xf32>) -> tensor<5xf32>
    %46 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %47 = stablehlo.broadcast_in_dim %46, dims = [] : (tensor<f32>) -> tensor<5xf32>
    %48 = stablehlo.add %45, %47 : tensor<5xf32>
    %49 = stablehlo.rsqrt %48 : tensor<5xf32>
    %50 = stablehlo.broadcast_in_dim %43, dims = [3] : (tensor<5xf32>) -> tensor<2x3x4x5xf32>
    %51 = stablehlo.subtract %0, %50 : tensor<2x3x4x5xf32>
    %52 = stablehlo.broadcast_in_dim %49, dims = [3] : (tensor<5xf32>) -> tensor<2x3x4x5xf32>
    %53 = stablehlo.multiply %51, %52 : tensor<2x3x4x5xf32>
    %54 = stablehlo.multiply %41, %53 : tensor<2x3x4x5xf32>
    %55 = stablehlo.constant dense<0.0> : tensor<f32>
    %56 = stablehlo.reduce(%41 init: %55) applies stablehlo.add across dimensions = [0, 1, 2] : (tensor<2x3x4x5xf32>, tensor<f32>) -> tensor<5xf32>
    %57 = stablehlo.reshape %56 : (tensor<5xf32>) -> tensor<1x5xf32>
    %58 = stablehlo.constant dense<0.0> : tensor<f32>
    %59 = stablehlo.reduce(%54 init: %58) applies stablehlo.add across dimensions = [0, 1, 2] : (tensor<2x3x4x5xf32>, tensor<f32>) -> tensor<5xf32>
    %60 = stablehlo.reshape %59 : (tensor<5xf32>) -> tensor<1x5xf32>
    %61 = stablehlo.concatenate %57, %60, dim = 0 : (tensor<1x5xf32>, tensor<1x5xf32>) -> tensor<2x5xf32>
    %62 = stablehlo.slice %15 [0:1, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %63 = stablehlo.reshape %62 : (tensor<1x5xf32>) -> tensor<5xf32>
    %64 = stablehlo.slice %15 [1:2, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %65 = stablehlo.reshape %64 : (tensor<1x5xf32>) -> tensor<5xf32>
    %66 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %67 = stablehlo.broadcast_in_dim %66, dims = [] : (tensor<f32>) -> tensor<5xf32>
    %68 = stablehlo.add %65, %67 : tensor<5xf32>
    %69 = stablehlo.rsqrt %68 : tensor<5xf32>
    %70 = stablehlo.constant dense<0.0416666679084301> : tensor<f32>
    %71 = stablehlo.broadcast_in_dim %63, dims = [3] : (tensor<5xf32>) -> tensor<2x3x4x5xf32>
    %72 = stablehlo.subtract %0, %71 : tensor<2x3x4x5xf32>
    %73 = stablehlo.broadcast_in_dim %69, dims = [3] : (tensor<5xf32>) -> tensor<2x3x4x5xf32>
    %74 = stablehlo.multiply %72, %73 : tensor<2x3x4x5xf32>
    %75 = stablehlo.slice %61 [0:1, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %76 = stablehlo.reshape %75 : (tensor<1x5xf32>) -> tensor<5xf32>
    %77 = stablehlo.slice %61 [1:2, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %78 = stablehlo.reshape %77 : (tensor<1x5xf32>) -> tensor<5xf32>
    %79 = stablehlo.broadcast_in_dim %70, dims = [] : (tensor<f32>) -> tensor<5xf32>
    %80 = stablehlo.multiply %76, %79 : tensor<5xf32>
    %81 = stablehlo.broadcast_in_dim %80, dims = [3] : (tensor<5xf32>) -> tensor<2x3x4x5xf32>
    %82 = stablehlo.subtract %41, %81 : tensor<2x3x4x5xf32>
    %83 = stablehlo.broadcast_in_dim %70, dims = [] : (tensor<f32>) -> tensor<5xf32>
    %84 = stablehlo.multiply %78, %83 : tensor<5xf32>
    %85 = stablehlo.broadcast_in_dim %84, dims = [3] : (tensor<5xf32>) -> tensor<2x3x4x5xf32>
    %86 = stablehlo.multiply %74, %85 : tensor<2x3x4x5xf32>
    %87 = stablehlo.subtract %82, %86 : tensor<2x3x4x5xf32>
    %88 = stablehlo.multiply %69, %arg2 : tensor<5xf32>
    %89 = stablehlo.broadcast_in_dim %88, dims = [3] : (tensor<5xf32>) -> tensor<2x3x4x5xf32>
    %90 = stablehlo.multiply %87, %89 : tensor<2x3x4x5xf32>
    %91 = stablehlo.slice %61 [1:2, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %92 = stablehlo.reshape %91 : (tensor<1x5xf32>) -> tensor<5xf32>
    %93 = stablehlo.slice %61 [0:1, 0:5] : (tensor<2x5xf32>) -> tensor<1x5xf32>
    %94 = stablehlo.reshape %93 : (tensor<1x5xf32>) -> tensor<5xf32>
    %95 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x3x5xf32>
    %96 = stablehlo.convolution(%90, %95) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 2], [1, 1]], lhs_dilate = [2, 2], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x3x4x5xf32>, tensor<3x3x3x5xf32>) -> tensor<2x6x7x3xf32>
    %97 = stablehlo.convolution(%arg0, %90) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[1, 0], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [2, 2], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x6x7x3xf32>, tensor<2x3x4x5xf32>) -> tensor<3x3x3x5xf32>
    return %33, %96, %97, %92, %94 : tensor<2x3x4x5xf32>, tensor<2x6x7x3xf32>, tensor<3x3x3x5xf32>, tensor<5xf32>, tensor<5xf32>
  }
}

// ReLU of a normalisation, read twice
module @bezoar {
  func.func public @main(%arg0: tensor<6x17xf32>, %arg1: tensor<17xf32>, %arg2: tensor<17xf32>) -> (tensor<6x17xf32>, tensor<6x17xf32>, tensor<17xf32>, tensor<17xf32>) {
    %0 = stablehlo.constant dense<0.1666666716337204> : tensor<f32>
    %1 = stablehlo.constant dense<0.0> : tensor<f32>
    %2 = stablehlo.reduce(%arg0 init: %1) applies stablehlo.add across dimensions = [0] : (tensor<6x17xf32>, tensor<f32>) -> tensor<17xf32>
    %3 = stablehlo.reshape %2 : (tensor<17xf32>) -> tensor<1x17xf32>
    %4 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<1x17xf32>
    %5 = stablehlo.multiply %3, %4 : tensor<1x17xf32>
    %6 = stablehlo.broadcast_in_dim %5, dims = [0, 1] : (tensor<1x17xf32>) -> tensor<6x17xf32>
    %7 = stablehlo.subtract %arg0, %6 : tensor<6x17xf32>
    %8 = stablehlo.multiply %7, %7 : tensor<6x17xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [0] : (tensor<6x17xf32>, tensor<f32>) -> tensor<17xf32>
    %11 = stablehlo.reshape %10 : (tensor<17xf32>) -> tensor<1x17xf32>
    %12 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<1x17xf32>
    %13 = stablehlo.multiply %11, %12 : tensor<1x17xf32>
    %14 = stablehlo.concatenate %5, %13, dim = 0 : (tensor<1x17xf32>, tensor<1x17xf32>) -> tensor<2x17xf32>
    %15 = stablehlo.slice %14 [0:1, 0:17] : (tensor<2x17xf32>) -> tensor<1x17xf32>
    %16 = stablehlo.reshape %15 : (tensor<1x17xf32>) -> tensor<17xf32>
    %17 = stablehlo.slice %14 [1:2, 0:17] : (tensor<2x17xf32>) -> tensor<1x17xf32>
    %18 = stablehlo.reshape %17 : (tensor<1x17xf32>) -> tensor<17xf32>
    %19 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %20 = stablehlo.broadcast_in_dim %19, dims = [] : (tensor<f32>) -> tensor<17xf32>
    %21 = stablehlo.add %18, %20 : tensor<17xf32>
    %22 = stablehlo.rsqrt %21 : tensor<17xf32>
    %23 = stablehlo.broadcast_in_dim %16, dims = [1] : (tensor<17xf32>) -> tensor<6x17xf32>
    %24 = stablehlo.subtract %arg0, %23 : tensor<6x17xf32>
    %25 = stablehlo.multiply %22, %arg1 : tensor<17xf32>
    %26 = stablehlo.broadcast_in_dim %25, dims = [1] : (tensor<17xf32>) -> tensor<6x17xf32>
    %27 = stablehlo.multiply %24, %26 : tensor<6x17xf32>
    %28 = stablehlo.broadcast_in_dim %arg2, dims = [1] : (tensor<17xf32>) -> tensor<6x17xf32>
    %29 = stablehlo.add %27, %28 : tensor<6x17xf32>
    %30 = stablehlo.constant dense<0.0> : tensor<f32>
    %31 = stablehlo.broadcast_in_dim %30, dims = [] : (tensor<f32>) -> tensor<6x17xf32>
    %32 = stablehlo.maximum %29, %31 : tensor<6x17xf32>
    %33 = stablehlo.multiply %32, %32 : tensor<6x17xf32>
    %34 = stablehlo.add %33, %32 : tensor<6x17xf32>
    %35 = stablehlo.constant dense<1.0> : tensor<f32>
    %36 = stablehlo.reshape %35 : (tensor<f32>) -> tensor<1x1xf32>
    %37 = stablehlo.broadcast_in_dim %36, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<6x17xf32>
    %38 = stablehlo.multiply %37, %32 : tensor<6x17xf32>
    %39 = stablehlo.add %37, %38 : tensor<6x17xf32>
    %40 = stablehlo.add %39, %38 : tensor<6x17xf32>
    %41 = stablehlo.constant dense<0.0> : tensor<f32>
    %42 = stablehlo.broadcast_in_dim %41, dims = [] : (tensor<f32>) -> tensor<6x17xf32>
    %43 = stablehlo.compare GT, %32, %42, FLOAT : (tensor<6x17xf32>, tensor<6x17xf32>) -> tensor<6x17xi1>
    %44 = stablehlo.convert %43 : (tensor<6x17xi1>) -> tensor<6x17xf32>
    %45 = stablehlo.multiply %40, %44 : tensor<6x17xf32>
    %46 = stablehlo.slice %14 [0:1, 0:17] : (tensor<2x17xf32>) -> tensor<1x17xf32>
    %47 = stablehlo.reshape %46 : (tensor<1x17xf32>) -> tensor<17xf32>
    %48 = stablehlo.slice %14 [1:2, 0:17] : (tensor<2x17xf32>) -> tensor<1x17xf32>
    %49 = stablehlo.reshape %48 : (tensor<1x17xf32>) -> tensor<17xf32>
    %50 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %51 = stablehlo.broadcast_in_dim %50, dims = [] : (tensor<f32>) -> tensor<17xf32>
    %52 = stablehlo.add %49, %51 : tensor<17xf32>
    %53 = stablehlo.rsqrt %52 : tensor<17xf32>
    %54 = stablehlo.broadcast_in_dim %47, dims = [1] : (tensor<17xf32>) -> tensor<6x17xf32>
    %55 = stablehlo.subtract %arg0, %54 : tensor<6x17xf32>
    %56 = stablehlo.broadcast_in_dim %53, dims = [1] : (tensor<17xf32>) -> tensor<6x17xf32>
    %57 = stablehlo.multiply %55, %56 : tensor<6x17xf32>
    %58 = stablehlo.multiply %45, %57 : tensor<6x17xf32>
    %59 = stablehlo.constant dense<0.0> : tensor<f32>
    %60 = stablehlo.reduce(%45 init: %59) applies stablehlo.add across dimensions = [0] : (tensor<6x17xf32>, tensor<f32>) -> tensor<17xf32>
    %61 = stablehlo.reshape %60 : (tensor<17xf32>) -> tensor<1x17xf32>
    %62 = stablehlo.constant dense<0.0> : tensor<f32>
    %63 = stablehlo.reduce(%58 init: %62) applies stablehlo.add across dimensions = [0] : (tensor<6x17xf32>, tensor<f32>) -> tensor<17xf32>
    %64 = stablehlo.reshape %63 : (tensor<17xf32>) -> tensor<1x17xf32>
    %65 = stablehlo.concatenate %61, %64, dim = 0 : (tensor<1x17xf32>, tensor<1x17xf32>) -> tensor<2x17xf32>
    %66 = stablehlo.slice %14 [0:1, 0:17] : (tensor<2x17xf32>) -> tensor<1x17xf32>
    %67 = stablehlo.reshape %66 : (tensor<1x17xf32>) -> tensor<17xf32>
    %68 = stablehlo.slice %14 [1:2, 0:17] : (tensor<2x17xf32>) -> tensor<1x17xf32>
    %69 = stablehlo.reshape %68 : (tensor<1x17xf32>) -> tensor<17xf32>
    %70 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %71 = stablehlo.broadcast_in_dim %70, dims = [] : (tensor<f32>) -> tensor<17xf32>
    %72 = stablehlo.add %69, %71 : tensor<17xf32>
    %73 = stablehlo.rsqrt %72 : tensor<17xf32>
    %74 = stablehlo.constant dense<0.1666666716337204> : tensor<f32>
    %75 = stablehlo.broadcast_in_dim %67, dims = [1] : (tensor<17xf32>) -> tensor<6x17xf32>
    %76 = stablehlo.subtract %arg0, %75 : tensor<6x17xf32>
    %77 = stablehlo.broadcast_in_dim %73, dims = [1] : (tensor<17xf32>) -> tensor<6x17xf32>
    %78 = stablehlo.multiply %76, %77 : tensor<6x17xf32>
    %79 = stablehlo.slice %65 [0:1, 0:17] : (tensor<2x17xf32>) -> tensor<1x17xf32>
    %80 = stablehlo.reshape %79 : (tensor<1x17xf32>) -> tensor<17xf32>
    %81 = stablehlo.slice %65 [1:2, 0:17] : (tensor<2x17xf32>) -> tensor<1x17xf32>
    %82 = stablehlo.reshape %81 : (tensor<1x17xf32>) -> tensor<17xf32>
    %83 = stablehlo.broadcast_in_dim %74, dims = [] : (tensor<f32>) -> tensor<17xf32>
    %84 = stablehlo.multiply %80, %83 : tensor<17xf32>
    %85 = stablehlo.broadcast_in_dim %84, dims = [1] : (tensor<17xf32>) -> tensor<6x17xf32>
    %86 = stablehlo.subtract %45, %85 : tensor<6x17xf32>
    %87 = stablehlo.broadcast_in_dim %74, dims = [] : (tensor<f32>) -> tensor<17xf32>
    %88 = stablehlo.multiply %82, %87 : tensor<17xf32>
    %89 = stablehlo.broadcast_in_dim %88, dims = [1] : (tensor<17xf32>) -> tensor<6x17xf32>
    %90 = stablehlo.multiply %78, %89 : tensor<6x17xf32>
    %91 = stablehlo.subtract %86, %90 : tensor<6x17xf32>
    %92 = stablehlo.multiply %73, %arg1 : tensor<17xf32>
    %93 = stablehlo.broadcast_in_dim %92, dims = [1] : (tensor<17xf32>) -> tensor<6x17xf32>
    %94 = stablehlo.multiply %91, %93 : tensor<6x17xf32>
    %95 = stablehlo.slice %65 [1:2, 0:17] : (tensor<2x17xf32>) -> tensor<1x17xf32>
    %96 = stablehlo.reshape %95 : (tensor<1x17xf32>) -> tensor<17xf32>
    %97 = stablehlo.slice %65 [0:1, 0:17] : (tensor<2x17xf32>) -> tensor<1x17xf32>
    %98 = stablehlo.reshape %97 : (tensor<1x17xf32>) -> tensor<17xf32>
    return %34, %94, %96, %98 : tensor<6x17xf32>, tensor<6x17xf32>, tensor<17xf32>, tensor<17xf32>
  }
}

// residual sum
module @bezoar {
  func.func public @main(%arg0: tensor<6x19xf32>, %arg1: tensor<19xf32>, %arg2: tensor<19xf32>, %arg3: tensor<6x19xf32>) -> (tensor<6x19xf32>, tensor<6x19xf32>, tensor<19xf32>, tensor<19xf32>, tensor<6x19xf32>) {
    %0 = stablehlo.constant dense<0.1666666716337204> : tensor<f32>
    %1 = stablehlo.constant dense<0.0> : tensor<f32>
    %2 = stablehlo.reduce(%arg0 init: %1) applies stablehlo.add across dimensions = [0] : (tensor<6x19xf32>, tensor<f32>) -> tensor<19xf32>
    %3 = stablehlo.reshape %2 : (tensor<19xf32>) -> tensor<1x19xf32>
    %4 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<1x19xf32>
    %5 = stablehlo.multiply %3, %4 : tensor<1x19xf32>
    %6 = stablehlo.broadcast_in_dim %5, dims = [0, 1] : (tensor<1x19xf32>) -> tensor<6x19xf32>
    %7 = stablehlo.subtract %arg0, %6 : tensor<6x19xf32>
    %8 = stablehlo.multiply %7, %7 : tensor<6x19xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [0] : (tensor<6x19xf32>, tensor<f32>) -> tensor<19xf32>
    %11 = stablehlo.reshape %10 : (tensor<19xf32>) -> tensor<1x19xf32>
    %12 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<1x19xf32>
    %13 = stablehlo.multiply %11, %12 : tensor<1x19xf32>
    %14 = stablehlo.concatenate %5, %13, dim = 0 : (tensor<1x19xf32>, tensor<1x19xf32>) -> tensor<2x19xf32>
    %15 = stablehlo.slice %14 [0:1, 0:19] : (tensor<2x19xf32>) -> tensor<1x19xf32>
    %16 = stablehlo.reshape %15 : (tensor<1x19xf32>) -> tensor<19xf32>
    %17 = stablehlo.slice %14 [1:2, 0:19] : (tensor<2x19xf32>) -> tensor<1x19xf32>
    %18 = stablehlo.reshape %17 : (tensor<1x19xf32>) -> tensor<19xf32>
    %19 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %20 = stablehlo.broadcast_in_dim %19, dims = [] : (tensor<f32>) -> tensor<19xf32>
    %21 = stablehlo.add %18, %20 : tensor<19xf32>
    %22 = stablehlo.rsqrt %21 : tensor<19xf32>
    %23 = stablehlo.broadcast_in_dim %16, dims = [1] : (tensor<19xf32>) -> tensor<6x19xf32>
    %24 = stablehlo.subtract %arg0, %23 : tensor<6x19xf32>
    %25 = stablehlo.multiply %22, %arg1 : tensor<19xf32>
    %26 = stablehlo.broadcast_in_dim %25, dims = [1] : (tensor<19xf32>) -> tensor<6x19xf32>
    %27 = stablehlo.multiply %24, %26 : tensor<6x19xf32>
    %28 = stablehlo.broadcast_in_dim %arg2, dims = [1] : (tensor<19xf32>) -> tensor<6x19xf32>
    %29 = stablehlo.add %27, %28 : tensor<6x19xf32>
    %30 = stablehlo.add %29, %arg3 : tensor<6x19xf32>
    %31 = stablehlo.constant dense<0.0> : tensor<f32>
    %32 = stablehlo.broadcast_in_dim %31, dims = [] : (tensor<f32>) -> tensor<6x19xf32>
    %33 = stablehlo.maximum %30, %32 : tensor<6x19xf32>
    %34 = stablehlo.constant dense<1.0> : tensor<f32>
    %35 = stablehlo.reshape %34 : (tensor<f32>) -> tensor<1x1xf32>
    %36 = stablehlo.broadcast_in_dim %35, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<6x19xf32>
    %37 = stablehlo.constant dense<0.0> : tensor<f32>
    %38 = stablehlo.broadcast_in_dim %37, dims = [] : (tensor<f32>) -> tensor<6x19xf32>
    %39 = stablehlo.compare GT, %33, %38, FLOAT : (tensor<6x19xf32>, tensor<6x19xf32>) -> tensor<6x19xi1>
    %40 = stablehlo.convert %39 : (tensor<6x19xi1>) -> tensor<6x19xf32>
    %41 = stablehlo.multiply %36, %40 : tensor<6x19xf32>
    %42 = stablehlo.slice %14 [0:1, 0:19] : (tensor<2x19xf32>) -> tensor<1x19xf32>
    %43 = stablehlo.reshape %42 : (tensor<1x19xf32>) -> tensor<19xf32>
    %44 = stablehlo.slice %14 [1:2, 0:19] : (tensor<2x19xf32>) -> tensor<1x19xf32>
    %45 = stablehlo.reshape %44 : (tensor<1x19xf32>) -> tensor<19xf32>
    %46 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %47 = stablehlo.broadcast_in_dim %46, dims = [] : (tensor<f32>) -> tensor<19xf32>
    %48 = stablehlo.add %45, %47 : tensor<19xf32>
    %49 = stablehlo.rsqrt %48 : tensor<19xf32>
    %50 = stablehlo.broadcast_in_dim %43, dims = [1] : (tensor<19xf32>) -> tensor<6x19xf32>
    %51 = stablehlo.subtract %arg0, %50 : tensor<6x19xf32>
    %52 = stablehlo.broadcast_in_dim %49, dims = [1] : (tensor<19xf32>) -> tensor<6x19xf32>
    %53 = stablehlo.multiply %51, %52 : tensor<6x19xf32>
    %54 = stablehlo.multiply %41, %53 : tensor<6x19xf32>
    %55 = stablehlo.constant dense<0.0> : tensor<f32>
    %56 = stablehlo.reduce(%41 init: %55) applies stablehlo.add across dimensions = [0] : (tensor<6x19xf32>, tensor<f32>) -> tensor<19xf32>
    %57 = stablehlo.reshape %56 : (tensor<19xf32>) -> tensor<1x19xf32>
    %58 = stablehlo.constant dense<0.0> : tensor<f32>
    %59 = stablehlo.reduce(%54 init: %58) applies stablehlo.add across dimensions = [0] : (tensor<6x19xf32>, tensor<f32>) -> tensor<19xf32>
    %60 = stablehlo.reshape %59 : (tensor<19xf32>) -> tensor<1x19xf32>
    %61 = stablehlo.concatenate %57, %60, dim = 0 : (tensor<1x19xf32>, tensor<1x19xf32>) -> tensor<2x19xf32>
    %62 = stablehlo.slice %14 [0:1, 0:19] : (tensor<2x19xf32>) -> tensor<1x19xf32>
    %63 = stablehlo.reshape %62 : (tensor<1x19xf32>) -> tensor<19xf32>
    %64 = stablehlo.slice %14 [1:2, 0:19] : (tensor<2x19xf32>) -> tensor<1x19xf32>
    %65 = stablehlo.reshape %64 : (tensor<1x19xf32>) -> tensor<19xf32>
    %66 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %67 = stablehlo.broadcast_in_dim %66, dims = [] : (tensor<f32>) -> tensor<19xf32>
    %68 = stablehlo.add %65, %67 : tensor<19xf32>
    %69 = stablehlo.rsqrt %68 : tensor<19xf32>
    %70 = stablehlo.constant dense<0.1666666716337204> : tensor<f32>
    %71 = stablehlo.broadcast_in_dim %63, dims = [1] : (tensor<19xf32>) -> tensor<6x19xf32>
    %72 = stablehlo.subtract %arg0, %71 : tensor<6x19xf32>
    %73 = stablehlo.broadcast_in_dim %69, dims = [1] : (tensor<19xf32>) -> tensor<6x19xf32>
    %74 = stablehlo.multiply %72, %73 : tensor<6x19xf32>
    %75 = stablehlo.slice %61 [0:1, 0:19] : (tensor<2x19xf32>) -> tensor<1x19xf32>
    %76 = stablehlo.reshape %75 : (tensor<1x19xf32>) -> tensor<19xf32>
    %77 = stablehlo.slice %61 [1:2, 0:19] : (tensor<2x19xf32>) -> tensor<1x19xf32>
    %78 = stablehlo.reshape %77 : (tensor<1x19xf32>) -> tensor<19xf32>
    %79 = stablehlo.broadcast_in_dim %70, dims = [] : (tensor<f32>) -> tensor<19xf32>
    %80 = stablehlo.multiply %76, %79 : tensor<19xf32>
    %81 = stablehlo.broadcast_in_dim %80, dims = [1] : (tensor<19xf32>) -> tensor<6x19xf32>
    %82 = stablehlo.subtract %41, %81 : tensor<6x19xf32>
    %83 = stablehlo.broadcast_in_dim %70, dims = [] : (tensor<f32>) -> tensor<19xf32>
    %84 = stablehlo.multiply %78, %83 : tensor<19xf32>
    %85 = stablehlo.broadcast_in_dim %84, dims = [1] : (tensor<19xf32>) -> tensor<6x19xf32>
    %86 = stablehlo.multiply %74, %85 : tensor<6x19xf32>
    %87 = stablehlo.subtract %82, %86 : tensor<6x19xf32>
    %88 = stablehlo.multiply %69, %arg1 : tensor<19xf32>
    %89 = stablehlo.broadcast_in_dim %88, dims = [1] : (tensor<19xf32>) -> tensor<6x19xf32>
    %90 = stablehlo.multiply %87, %89 : tensor<6x19xf32>
    %91 = stablehlo.slice %61 [1:2, 0:19] : (tensor<2x19xf32>) -> tensor<1x19xf32>
    %92 = stablehlo.reshape %91 : (tensor<1x19xf32>) -> tensor<19xf32>
    %93 = stablehlo.slice %61 [0:1, 0:19] : (tensor<2x19xf32>) -> tensor<1x19xf32>
    %94 = stablehlo.reshape %93 : (tensor<1x19xf32>) -> tensor<19xf32>
    return %33, %90, %92, %94, %41 : tensor<6x19xf32>, tensor<6x19xf32>, tensor<19xf32>, tensor<19xf32>, tensor<6x19xf32>
  }
}

// residual sum of two normalisations
module @bezoar {
  func.func public @main(%arg0: tensor<6x35xf32>, %arg1: tensor<35xf32>, %arg2: tensor<35xf32>, %arg3: tensor<6x35xf32>) -> (tensor<6x35xf32>, tensor<6x35xf32>, tensor<35xf32>, tensor<35xf32>, tensor<6x35xf32>) {
    %0 = stablehlo.constant dense<0.1666666716337204> : tensor<f32>
    %1 = stablehlo.constant dense<0.0> : tensor<f32>
    %2 = stablehlo.reduce(%arg0 init: %1) applies stablehlo.add across dimensions = [0] : (tensor<6x35xf32>, tensor<f32>) -> tensor<35xf32>
    %3 = stablehlo.reshape %2 : (tensor<35xf32>) -> tensor<1x35xf32>
    %4 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<1x35xf32>
    %5 = stablehlo.multiply %3, %4 : tensor<1x35xf32>
    %6 = stablehlo.broadcast_in_dim %5, dims = [0, 1] : (tensor<1x35xf32>) -> tensor<6x35xf32>
    %7 = stablehlo.subtract %arg0, %6 : tensor<6x35xf32>
    %8 = stablehlo.multiply %7, %7 : tensor<6x35xf32>
    %9 = stablehlo.constant dense<0.0> : tensor<f32>
    %10 = stablehlo.reduce(%8 init: %9) applies stablehlo.add across dimensions = [0] : (tensor<6x35xf32>, tensor<f32>) -> tensor<35xf32>
    %11 = stablehlo.reshape %10 : (tensor<35xf32>) -> tensor<1x35xf32>
    %12 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<1x35xf32>
    %13 = stablehlo.multiply %11, %12 : tensor<1x35xf32>
    %14 = stablehlo.concatenate %5, %13, dim = 0 : (tensor<1x35xf32>, tensor<1x35xf32>) -> tensor<2x35xf32>
    %15 = stablehlo.slice %14 [0:1, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %16 = stablehlo.reshape %15 : (tensor<1x35xf32>) -> tensor<35xf32>
    %17 = stablehlo.slice %14 [1:2, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %18 = stablehlo.reshape %17 : (tensor<1x35xf32>) -> tensor<35xf32>
    %19 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %20 = stablehlo.broadcast_in_dim %19, dims = [] : (tensor<f32>) -> tensor<35xf32>
    %21 = stablehlo.add %18, %20 : tensor<35xf32>
    %22 = stablehlo.rsqrt %21 : tensor<35xf32>
    %23 = stablehlo.broadcast_in_dim %16, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %24 = stablehlo.subtract %arg0, %23 : tensor<6x35xf32>
    %25 = stablehlo.multiply %22, %arg1 : tensor<35xf32>
    %26 = stablehlo.broadcast_in_dim %25, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %27 = stablehlo.multiply %24, %26 : tensor<6x35xf32>
    %28 = stablehlo.broadcast_in_dim %arg2, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %29 = stablehlo.add %27, %28 : tensor<6x35xf32>
    %30 = stablehlo.constant dense<0.1666666716337204> : tensor<f32>
    %31 = stablehlo.constant dense<0.0> : tensor<f32>
    %32 = stablehlo.reduce(%arg3 init: %31) applies stablehlo.add across dimensions = [0] : (tensor<6x35xf32>, tensor<f32>) -> tensor<35xf32>
    %33 = stablehlo.reshape %32 : (tensor<35xf32>) -> tensor<1x35xf32>
    %34 = stablehlo.broadcast_in_dim %30, dims = [] : (tensor<f32>) -> tensor<1x35xf32>
    %35 = stablehlo.multiply %33, %34 : tensor<1x35xf32>
    %36 = stablehlo.broadcast_in_dim %35, dims = [0, 1] : (tensor<1x35xf32>) -> tensor<6x35xf32>
    %37 = stablehlo.subtract %arg3, %36 : tensor<6x35xf32>
    %38 = stablehlo.multiply %37, %37 : tensor<6x35xf32>
    %39 = stablehlo.constant dense<0.0> : tensor<f32>
    %40 = stablehlo.reduce(%38 init: %39) applies stablehlo.add across dimensions = [0] : (tensor<6x35xf32>, tensor<f32>) -> tensor<35xf32>
    %41 = stablehlo.reshape %40 : (tensor<35xf32>) -> tensor<1x35xf32>
    %42 = stablehlo.broadcast_in_dim %30, dims = [] : (tensor<f32>) -> tensor<1x35xf32>
    %43 = stablehlo.multiply %41, %42 : tensor<1x35xf32>
    %44 = stablehlo.concatenate %35, %43, dim = 0 : (tensor<1x35xf32>, tensor<1x35xf32>) -> tensor<2x35xf32>
    %45 = stablehlo.slice %44 [0:1, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %46 = stablehlo.reshape %45 : (tensor<1x35xf32>) -> tensor<35xf32>
    %47 = stablehlo.slice %44 [1:2, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %48 = stablehlo.reshape %47 : (tensor<1x35xf32>) -> tensor<35xf32>
    %49 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %50 = stablehlo.broadcast_in_dim %49, dims = [] : (tensor<f32>) -> tensor<35xf32>
    %51 = stablehlo.add %48, %50 : tensor<35xf32>
    %52 = stablehlo.rsqrt %51 : tensor<35xf32>
    %53 = stablehlo.broadcast_in_dim %46, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %54 = stablehlo.subtract %arg3, %53 : tensor<6x35xf32>
    %55 = stablehlo.multiply %52, %arg2 : tensor<35xf32>
    %56 = stablehlo.broadcast_in_dim %55, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %57 = stablehlo.multiply %54, %56 : tensor<6x35xf32>
    %58 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %59 = stablehlo.add %57, %58 : tensor<6x35xf32>
    %60 = stablehlo.add %29, %59 : tensor<6x35xf32>
    %61 = stablehlo.constant dense<0.0> : tensor<f32>
    %62 = stablehlo.broadcast_in_dim %61, dims = [] : (tensor<f32>) -> tensor<6x35xf32>
    %63 = stablehlo.maximum %60, %62 : tensor<6x35xf32>
    %64 = stablehlo.constant dense<1.0> : tensor<f32>
    %65 = stablehlo.reshape %64 : (tensor<f32>) -> tensor<1x1xf32>
    %66 = stablehlo.broadcast_in_dim %65, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<6x35xf32>
    %67 = stablehlo.constant dense<0.0> : tensor<f32>
    %68 = stablehlo.broadcast_in_dim %67, dims = [] : (tensor<f32>) -> tensor<6x35xf32>
    %69 = stablehlo.compare GT, %63, %68, FLOAT : (tensor<6x35xf32>, tensor<6x35xf32>) -> tensor<6x35xi1>
    %70 = stablehlo.convert %69 : (tensor<6x35xi1>) -> tensor<6x35xf32>
    %71 = stablehlo.multiply %66, %70 : tensor<6x35xf32>
    %72 = stablehlo.slice %44 [0:1, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %73 = stablehlo.reshape %72 : (tensor<1x35xf32>) -> tensor<35xf32>
    %74 = stablehlo.slice %44 [1:2, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %75 = stablehlo.reshape %74 : (tensor<1x35xf32>) -> tensor<35xf32>
    %76 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %77 = stablehlo.broadcast_in_dim %76, dims = [] : (tensor<f32>) -> tensor<35xf32>
    %78 = stablehlo.add %75, %77 : tensor<35xf32>
    %79 = stablehlo.rsqrt %78 : tensor<35xf32>
    %80 = stablehlo.broadcast_in_dim %73, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %81 = stablehlo.subtract %arg3, %80 : tensor<6x35xf32>
    %82 = stablehlo.broadcast_in_dim %79, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %83 = stablehlo.multiply %81, %82 : tensor<6x35xf32>
    %84 = stablehlo.multiply %71, %83 : tensor<6x35xf32>
    %85 = stablehlo.constant dense<0.0> : tensor<f32>
    %86 = stablehlo.reduce(%71 init: %85) applies stablehlo.add across dimensions = [0] : (tensor<6x35xf32>, tensor<f32>) -> tensor<35xf32>
    %87 = stablehlo.reshape %86 : (tensor<35xf32>) -> tensor<1x35xf32>
    %88 = stablehlo.constant dense<0.0> : tensor<f32>
    %89 = stablehlo.reduce(%84 init: %88) applies stablehlo.add across dimensions = [0] : (tensor<6x35xf32>, tensor<f32>) -> tensor<35xf32>
    %90 = stablehlo.reshape %89 : (tensor<35xf32>) -> tensor<1x35xf32>
    %91 = stablehlo.concatenate %87, %90, dim = 0 : (tensor<1x35xf32>, tensor<1x35xf32>) -> tensor<2x35xf32>
    %92 = stablehlo.slice %44 [0:1, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %93 = stablehlo.reshape %92 : (tensor<1x35xf32>) -> tensor<35xf32>
    %94 = stablehlo.slice %44 [1:2, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %95 = stablehlo.reshape %94 : (tensor<1x35xf32>) -> tensor<35xf32>
    %96 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %97 = stablehlo.broadcast_in_dim %96, dims = [] : (tensor<f32>) -> tensor<35xf32>
    %98 = stablehlo.add %95, %97 : tensor<35xf32>
    %99 = stablehlo.rsqrt %98 : tensor<35xf32>
    %100 = stablehlo.constant dense<0.1666666716337204> : tensor<f32>
    %101 = stablehlo.broadcast_in_dim %93, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %102 = stablehlo.subtract %arg3, %101 : tensor<6x35xf32>
    %103 = stablehlo.broadcast_in_dim %99, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %104 = stablehlo.multiply %102, %103 : tensor<6x35xf32>
    %105 = stablehlo.slice %91 [0:1, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %106 = stablehlo.reshape %105 : (tensor<1x35xf32>) -> tensor<35xf32>
    %107 = stablehlo.slice %91 [1:2, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %108 = stablehlo.reshape %107 : (tensor<1x35xf32>) -> tensor<35xf32>
    %109 = stablehlo.broadcast_in_dim %100, dims = [] : (tensor<f32>) -> tensor<35xf32>
    %110 = stablehlo.multiply %106, %109 : tensor<35xf32>
    %111 = stablehlo.broadcast_in_dim %110, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %112 = stablehlo.subtract %71, %111 : tensor<6x35xf32>
    %113 = stablehlo.broadcast_in_dim %100, dims = [] : (tensor<f32>) -> tensor<35xf32>
    %114 = stablehlo.multiply %108, %113 : tensor<35xf32>
    %115 = stablehlo.broadcast_in_dim %114, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %116 = stablehlo.multiply %104, %115 : tensor<6x35xf32>
    %117 = stablehlo.subtract %112, %116 : tensor<6x35xf32>
    %118 = stablehlo.multiply %99, %arg2 : tensor<35xf32>
    %119 = stablehlo.broadcast_in_dim %118, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %120 = stablehlo.multiply %117, %119 : tensor<6x35xf32>
    %121 = stablehlo.slice %91 [1:2, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %122 = stablehlo.reshape %121 : (tensor<1x35xf32>) -> tensor<35xf32>
    %123 = stablehlo.slice %91 [0:1, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %124 = stablehlo.reshape %123 : (tensor<1x35xf32>) -> tensor<35xf32>
    %125 = stablehlo.slice %14 [0:1, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %126 = stablehlo.reshape %125 : (tensor<1x35xf32>) -> tensor<35xf32>
    %127 = stablehlo.slice %14 [1:2, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %128 = stablehlo.reshape %127 : (tensor<1x35xf32>) -> tensor<35xf32>
    %129 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %130 = stablehlo.broadcast_in_dim %129, dims = [] : (tensor<f32>) -> tensor<35xf32>
    %131 = stablehlo.add %128, %130 : tensor<35xf32>
    %132 = stablehlo.rsqrt %131 : tensor<35xf32>
    %133 = stablehlo.broadcast_in_dim %126, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %134 = stablehlo.subtract %arg0, %133 : tensor<6x35xf32>
    %135 = stablehlo.broadcast_in_dim %132, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %136 = stablehlo.multiply %134, %135 : tensor<6x35xf32>
    %137 = stablehlo.multiply %71, %136 : tensor<6x35xf32>
    %138 = stablehlo.constant dense<0.0> : tensor<f32>
    %139 = stablehlo.reduce(%71 init: %138) applies stablehlo.add across dimensions = [0] : (tensor<6x35xf32>, tensor<f32>) -> tensor<35xf32>
    %140 = stablehlo.reshape %139 : (tensor<35xf32>) -> tensor<1x35xf32>
    %141 = stablehlo.constant dense<0.0> : tensor<f32>
    %142 = stablehlo.reduce(%137 init: %141) applies stablehlo.add across dimensions = [0] : (tensor<6x35xf32>, tensor<f32>) -> tensor<35xf32>
    %143 = stablehlo.reshape %142 : (tensor<35xf32>) -> tensor<1x35xf32>
    %144 = stablehlo.concatenate %140, %143, dim = 0 : (tensor<1x35xf32>, tensor<1x35xf32>) -> tensor<2x35xf32>
    %145 = stablehlo.slice %14 [0:1, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %146 = stablehlo.reshape %145 : (tensor<1x35xf32>) -> tensor<35xf32>
    %147 = stablehlo.slice %14 [1:2, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %148 = stablehlo.reshape %147 : (tensor<1x35xf32>) -> tensor<35xf32>
    %149 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %150 = stablehlo.broadcast_in_dim %149, dims = [] : (tensor<f32>) -> tensor<35xf32>
    %151 = stablehlo.add %148, %150 : tensor<35xf32>
    %152 = stablehlo.rsqrt %151 : tensor<35xf32>
    %153 = stablehlo.constant dense<0.1666666716337204> : tensor<f32>
    %154 = stablehlo.broadcast_in_dim %146, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %155 = stablehlo.subtract %arg0, %154 : tensor<6x35xf32>
    %156 = stablehlo.broadcast_in_dim %152, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %157 = stablehlo.multiply %155, %156 : tensor<6x35xf32>
    %158 = stablehlo.slice %144 [0:1, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %159 = stablehlo.reshape %158 : (tensor<1x35xf32>) -> tensor<35xf32>
    %160 = stablehlo.slice %144 [1:2, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %161 = stablehlo.reshape %160 : (tensor<1x35xf32>) -> tensor<35xf32>
    %162 = stablehlo.broadcast_in_dim %153, dims = [] : (tensor<f32>) -> tensor<35xf32>
    %163 = stablehlo.multiply %159, %162 : tensor<35xf32>
    %164 = stablehlo.broadcast_in_dim %163, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %165 = stablehlo.subtract %71, %164 : tensor<6x35xf32>
    %166 = stablehlo.broadcast_in_dim %153, dims = [] : (tensor<f32>) -> tensor<35xf32>
    %167 = stablehlo.multiply %161, %166 : tensor<35xf32>
    %168 = stablehlo.broadcast_in_dim %167, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %169 = stablehlo.multiply %157, %168 : tensor<6x35xf32>
    %170 = stablehlo.subtract %165, %169 : tensor<6x35xf32>
    %171 = stablehlo.multiply %152, %arg1 : tensor<35xf32>
    %172 = stablehlo.broadcast_in_dim %171, dims = [1] : (tensor<35xf32>) -> tensor<6x35xf32>
    %173 = stablehlo.multiply %170, %172 : tensor<6x35xf32>
    %174 = stablehlo.slice %144 [1:2, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %175 = stablehlo.reshape %174 : (tensor<1x35xf32>) -> tensor<35xf32>
    %176 = stablehlo.slice %144 [0:1, 0:35] : (tensor<2x35xf32>) -> tensor<1x35xf32>
    %177 = stablehlo.reshape %176 : (tensor<1x35xf32>) -> tensor<35xf32>
    %178 = stablehlo.add %124, %175 : tensor<35xf32>
    %179 = stablehlo.add %122, %177 : tensor<35xf32>
    return %63, %173, %178, %179, %120 : tensor<6x35xf32>, tensor<6x35xf32>, tensor<35xf32>, tensor<35xf32>, tensor<6x35xf32>
  }
}

// residual block by running statistics
module @bezoar {
  func.func public @main(%arg0: tensor<2x5x6x16xf32>, %arg1: tensor<3x3x16x16xf32>, %arg2: tensor<2x16xf32>, %arg3: tensor<16xf32>, %arg4: tensor<16xf32>, %arg5: tensor<2x5x6x3xf32>, %arg6: tensor<1x1x3x16xf32>) -> (tensor<2x5x6x16xf32>) {
    %0 = stablehlo.constant dense<0.5> : tensor<f32>
    %1 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<2x5x6x16xf32>
    %2 = stablehlo.subtract %arg0, %1 : tensor<2x5x6x16xf32>
    %3 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<3x3x16x16xf32>
    %4 = stablehlo.subtract %arg1, %3 : tensor<3x3x16x16xf32>
    %5 = stablehlo.convolution(%2, %4) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x5x6x16xf32>, tensor<3x3x16x16xf32>) -> tensor<2x5x6x16xf32>
    %6 = stablehlo.slice %arg2 [0:1, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %7 = stablehlo.reshape %6 : (tensor<1x16xf32>) -> tensor<16xf32>
    %8 = stablehlo.slice %arg2 [1:2, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %9 = stablehlo.reshape %8 : (tensor<1x16xf32>) -> tensor<16xf32>
    %10 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %11 = stablehlo.broadcast_in_dim %10, dims = [] : (tensor<f32>) -> tensor<16xf32>
    %12 = stablehlo.add %9, %11 : tensor<16xf32>
    %13 = stablehlo.rsqrt %12 : tensor<16xf32>
    %14 = stablehlo.broadcast_in_dim %7, dims = [3] : (tensor<16xf32>) -> tensor<2x5x6x16xf32>
    %15 = stablehlo.subtract %5, %14 : tensor<2x5x6x16xf32>
    %16 = stablehlo.multiply %13, %arg3 : tensor<16xf32>
    %17 = stablehlo.broadcast_in_dim %16, dims = [3] : (tensor<16xf32>) -> tensor<2x5x6x16xf32>
    %18 = stablehlo.multiply %15, %17 : tensor<2x5x6x16xf32>
    %19 = stablehlo.broadcast_in_dim %arg4, dims = [3] : (tensor<16xf32>) -> tensor<2x5x6x16xf32>
    %20 = stablehlo.add %18, %19 : tensor<2x5x6x16xf32>
    %21 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<2x5x6x3xf32>
    %22 = stablehlo.subtract %arg5, %21 : tensor<2x5x6x3xf32>
    %23 = stablehlo.broadcast_in_dim %0, dims = [] : (tensor<f32>) -> tensor<1x1x3x16xf32>
    %24 = stablehlo.subtract %arg6, %23 : tensor<1x1x3x16xf32>
    %25 = stablehlo.convolution(%22, %24) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[0, 0], [0, 0]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision HIGHEST>]} : (tensor<2x5x6x3xf32>, tensor<1x1x3x16xf32>) -> tensor<2x5x6x16xf32>
    %26 = stablehlo.slice %arg2 [0:1, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %27 = stablehlo.reshape %26 : (tensor<1x16xf32>) -> tensor<16xf32>
    %28 = stablehlo.slice %arg2 [1:2, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %29 = stablehlo.reshape %28 : (tensor<1x16xf32>) -> tensor<16xf32>
    %30 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %31 = stablehlo.broadcast_in_dim %30, dims = [] : (tensor<f32>) -> tensor<16xf32>
    %32 = stablehlo.add %29, %31 : tensor<16xf32>
    %33 = stablehlo.rsqrt %32 : tensor<16xf32>
    %34 = stablehlo.broadcast_in_dim %27, dims = [3] : (tensor<16xf32>) -> tensor<2x5x6x16xf32>
    %35 = stablehlo.subtract %25, %34 : tensor<2x5x6x16xf32>
    %36 = stablehlo.multiply %33, %arg4 : tensor<16xf32>
    %37 = stablehlo.broadcast_in_dim %36, dims = [3] : (tensor<16xf32>) -> tensor<2x5x6x16xf32>
    %38 = stablehlo.multiply %35, %37 : tensor<2x5x6x16xf32>
    %39 = stablehlo.broadcast_in_dim %arg3, dims = [3] : (tensor<16xf32>) -> tensor<2x5x6x16xf32>
    %40 = stablehlo.add %38, %39 : tensor<2x5x6x16xf32>
    %41 = stablehlo.add %20, %40 : tensor<2x5x6x16xf32>
    %42 = stablehlo.constant dense<0.0> : tensor<f32>
    %43 = stablehlo.broadcast_in_dim %42, dims = [] : (tensor<f32>) -> tensor<2x5x6x16xf32>
    %44 = stablehlo.maximum %41, %43 : tensor<2x5x6x16xf32>
    return %44 : tensor<2x5x6x16xf32>
  }
}

// normalisation by running statistics
module @bezoar {
  func.func public @main(%arg0: tensor<6x3xf32>, %arg1: tensor<3xf32>, %arg2: tensor<3xf32>) -> (tensor<6x3xf32>, tensor<6x3xf32>, tensor<3xf32>, tensor<3xf32>) {
    %0 = stablehlo.constant dense<"0xCDCCCC3DCDCC4CBE9A99993E0000C03F3333333F6666663F"> : tensor<2x3xf32>
    %1 = stablehlo.slice %0 [0:1, 0:3] : (tensor<2x3xf32>) -> tensor<1x3xf32>
    %2 = stablehlo.reshape %1 : (tensor<1x3xf32>) -> tensor<3xf32>
    %3 = stablehlo.slice %0 [1:2, 0:3] : (tensor<2x3xf32>) -> tensor<1x3xf32>
    %4 = stablehlo.reshape %3 : (tensor<1x3xf32>) -> tensor<3xf32>
    %5 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %6 = stablehlo.broadcast_in_dim %5, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %7 = stablehlo.add %4, %6 : tensor<3xf32>
    %8 = stablehlo.rsqrt %7 : tensor<3xf32>
    %9 = stablehlo.broadcast_in_dim %2, dims = [1] : (tensor<3xf32>) -> tensor<6x3xf32>
    %10 = stablehlo.subtract %arg0, %9 : tensor<6x3xf32>
    %11 = stablehlo.multiply %8, %arg1 : tensor<3xf32>
    %12 = stablehlo.broadcast_in_dim %11, dims = [1] : (tensor<3xf32>) -> tensor<6x3xf32>
    %13 = stablehlo.multiply %10, %12 : tensor<6x3xf32>
    %14 = stablehlo.broadcast_in_dim %arg2, dims = [1] : (tensor<3xf32>) -> tensor<6x3xf32>
    %15 = stablehlo.add %13, %14 : tensor<6x3xf32>
    %16 = stablehlo.constant dense<1.0> : tensor<f32>
    %17 = stablehlo.reshape %16 : (tensor<f32>) -> tensor<1x1xf32>
    %18 = stablehlo.broadcast_in_dim %17, dims = [0, 1] : (tensor<1x1xf32>) -> tensor<6x3xf32>
    %19 = stablehlo.slice %0 [0:1, 0:3] : (tensor<2x3xf32>) -> tensor<1x3xf32>
    %20 = stablehlo.reshape %19 : (tensor<1x3xf32>) -> tensor<3xf32>
    %21 = stablehlo.slice %0 [1:2, 0:3] : (tensor<2x3xf32>) -> tensor<1x3xf32>
    %22 = stablehlo.reshape %21 : (tensor<1x3xf32>) -> tensor<3xf32>
    %23 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %24 = stablehlo.broadcast_in_dim %23, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %25 = stablehlo.add %22, %24 : tensor<3xf32>
    %26 = stablehlo.rsqrt %25 : tensor<3xf32>
    %27 = stablehlo.broadcast_in_dim %20, dims = [1] : (tensor<3xf32>) -> tensor<6x3xf32>
    %28 = stablehlo.subtract %arg0, %27 : tensor<6x3xf32>
    %29 = stablehlo.broadcast_in_dim %26, dims = [1] : (tensor<3xf32>) -> tensor<6x3xf32>
    %30 = stablehlo.multiply %28, %29 : tensor<6x3xf32>
    %31 = stablehlo.multiply %18, %30 : tensor<6x3xf32>
    %32 = stablehlo.constant dense<0.0> : tensor<f32>
    %33 = stablehlo.reduce(%18 init: %32) applies stablehlo.add across dimensions = [0] : (tensor<6x3xf32>, tensor<f32>) -> tensor<3xf32>
    %34 = stablehlo.reshape %33 : (tensor<3xf32>) -> tensor<1x3xf32>
    %35 = stablehlo.constant dense<0.0> : tensor<f32>
    %36 = stablehlo.reduce(%31 init: %35) applies stablehlo.add across dimensions = [0] : (tensor<6x3xf32>, tensor<f32>) -> tensor<3xf32>
    %37 = stablehlo.reshape %36 : (tensor<3xf32>) -> tensor<1x3xf32>
    %38 = stablehlo.concatenate %34, %37, dim = 0 : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
    %39 = stablehlo.slice %0 [1:2, 0:3] : (tensor<2x3xf32>) -> tensor<1x3xf32>
    %40 = stablehlo.reshape %39 : (tensor<1x3xf32>) -> tensor<3xf32>
    %41 = stablehlo.constant dense<0.0010000000474974513> : tensor<f32>
    %42 = stablehlo.broadcast_in_dim %41, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %43 = stablehlo.add %40, %42 : tensor<3xf32>
    %44 = stablehlo.sqrt %43 : tensor<3xf32>
    %45 = stablehlo.divide %arg1, %44 : tensor<3xf32>
    %46 = stablehlo.broadcast_in_dim %45, dims = [1] : (tensor<3xf32>) -> tensor<6x3xf32>
    %47 = stablehlo.multiply %18, %46 : tensor<6x3xf32>
    %48 = stablehlo.slice %38 [1:2, 0:3] : (tensor<2x3xf32>) -> tensor<1x3xf32>
    %49 = stablehlo.reshape %48 : (tensor<1x3xf32>) -> tensor<3xf32>
    %50 = stablehlo.slice %38 [0:1, 0:3] : (tensor<2x3xf32>) -> tensor<1x3xf32>
    %51 = stablehlo.reshape %50 : (tensor<1x3xf32>) -> tensor<3xf32>
    return %15, %47, %49, %51 : tensor<6x3xf32>, tensor<6x3xf32>, tensor<3xf32>, tensor<3xf32>
  }
}
