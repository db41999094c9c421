import Dispatch
import NeuralNetworks
import Randomness
import Synchronization
import Tensors

/// The epochs of a training: order of the images, learning rate, checkpoints, warnings.
struct EpochLoop {
  let images: Int
  let batch: Int
  let epochs: Int
  let schedule: CosineSchedule
  let stream: RandomStream

  init(images: Int, batch: Int, epochs: Int, warmUpEpochs: Int, learningRate: Float, stream: RandomStream) {
    (self.images, self.batch, self.epochs, self.stream) = (images, batch, epochs, stream)
    let steps = images / batch
    schedule = CosineSchedule(peak: learningRate, warmUp: steps * warmUpEpochs, steps: steps * epochs)
  }

  /// One step's place in the training.
  struct Step: Sendable {
    let images: [Int]
    let epoch: Int
    /// Steps done before this one, in all epochs.
    let done: Int
    let learningRate: Float
  }

  /// Runs what is left of a training.
  ///
  /// - Parameters:
  ///   - state: Where to go on.
  ///   - executable: The step; its first outputs are the loss and the spread of features.
  ///   - memory: Takes the third output of a step, and is kept with the state; nil for none.
  ///   - measuring: See ``ContrastiveTrainer/train(_:on:threads:from:afterStep:afterEpoch:measuring:)``.
  ///   - feeds: Makes the step's feeds; those of the next step while a device that is apart computes this one.
  /// - Returns: The last state. A loss that is not finite ends the training, also when it is resumed.
  func run(
    _ state: TrainingState, _ executable: any Executable, on device: any Device,
    afterStep: (_ step: Int, _ steps: Int, _ loss: Float) throws -> Void,
    afterEpoch: (TrainingState) throws -> Void, memory: ViewMemory? = nil,
    measuring: (_ epoch: Int, _ arrays: [String: Tensor]) -> FeatureQuality? = { _, _ in nil },
    feeds: @escaping @Sendable (Step) -> [Tensor]
  ) throws -> TrainingState {
    var state = state
    let store = ParameterStore(state.arrays, on: device)
    store.prepare(for: executable.program)
    let steps = images / batch
    while state.epoch < epochs, !state.warnings.contains(where: { $0.code == .trainingNotFinite }) {
      var order = stream.stream("order").stream(state.epoch)
      let permutation = order.permutation(images)
      var (loss, spread): (Float, Float) = (0, 0)
      func prepared(_ step: Int) -> () -> [Tensor] {
        let next = Step(
          images: Array(permutation[step * batch..<(step + 1) * batch]), epoch: state.epoch,
          done: state.epoch * steps + step, learningRate: schedule.learningRate(state.epoch * steps + step))
        return device.isApart ? ahead { feeds(next) } : { feeds(next) }
      }
      var next = steps > 0 ? prepared(0) : { [] }
      do {
        try store.run(executable, times: steps) { step in
          let own = next()
          if step + 1 < steps { next = prepared(step + 1) }
          return own
        } take: { step, out in
          loss += out[0].item
          spread = out[1].item
          guard out[0].item.isFinite else { throw NotFinite(loss: out[0].item) }
          memory?.take(out[2], of: Array(permutation[step * batch..<(step + 1) * batch]))
          try afterStep(state.epoch * steps + step + 1, steps * epochs, out[0].item)
        }
      } catch let error as NotFinite {
        state.warnings = [.init(.trainingNotFinite, "the loss was \(error.loss) in epoch \(state.epoch + 1)")]
        try afterEpoch(state)
        return state
      }
      state.epoch += 1
      state.arrays = store.read()
      if let memory { state.arrays[ViewMemory.name] = memory.tensor }
      var report = EpochReport(epoch: state.epoch, epochs: epochs, loss: loss / Float(steps), spread: spread)
      report.quality = measuring(state.epoch, state.arrays)
      state.log.append(report)
      state.warnings =
        spread < collapseThreshold
        ? [.init(.trainingCollapsed, "feature spread \(spread), below \(collapseThreshold)")] : []
      try afterEpoch(state)
    }
    return state
  }
}

/// Each image's target of the last epoch, on the host.
final class ViewMemory: Sendable {
  /// Among a state's arrays.
  static let name = "views"

  private let width: Int
  private let rows: Mutex<[Float]>

  /// - Parameter kept: Of an earlier epoch; nil for zeros.
  init(images: Int, width: Int, _ kept: Tensor?) {
    self.width = width
    rows = Mutex(kept?.scalars ?? [Float](repeating: 0, count: images * width))
  }

  /// [images, width].
  var tensor: Tensor { rows.withLock { Tensor([$0.count / width, width], $0) } }

  /// Of some images, [N, width].
  func rows(of images: [Int]) -> Tensor {
    rows.withLock { rows in
      Tensor([images.count, width], images.flatMap { rows[$0 * width..<($0 + 1) * width] })
    }
  }

  func take(_ new: Tensor, of images: [Int]) {
    rows.withLock { rows in
      for (n, image) in images.enumerated() {
        rows.replaceSubrange(image * width..<(image + 1) * width, with: new.scalars[n * width..<(n + 1) * width])
      }
    }
  }
}

/// Ends a training.
private struct NotFinite: Error { let loss: Float }

/// Begins to make a value on another thread.
///
/// - Returns: Waits for it; to be called once.
private func ahead<T: Sendable>(_ make: @escaping @Sendable () -> T) -> () -> T {
  let (value, isDone) = (Slot<T>(), DispatchSemaphore(value: 0))
  DispatchQueue.global().async {
    value.content = make()
    isDone.signal()
  }
  return {
    isDone.wait()
    guard let content = value.content else { preconditionFailure("nothing was made") }
    return content
  }
}

/// Written by one thread before another reads it.
private final class Slot<T: Sendable>: @unchecked Sendable {
  var content: T?
}
