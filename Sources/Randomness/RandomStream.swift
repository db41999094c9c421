import Foundation

/// A splittable seeded generator: named child streams are independent of order and of each other.
///
/// SplitMix64 over a 64-bit state; a child's state is a hash of the parent's identity and the
/// child's name or index, so `root.stream("augmentation").stream(17)` is the same numbers in
/// whatever order, and on whatever thread, streams are made and used.
///
/// - Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
/// - Limits: Not for cryptography.
public struct RandomStream: RandomNumberGenerator, Sendable, Hashable, Codable {
  private let identity: UInt64
  private var state: UInt64

  /// Creates the root stream of a seed.
  public init(seed: UInt64) {
    identity = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15)
    state = identity
  }

  private init(identity: UInt64) {
    self.identity = identity
    state = identity
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Returns the child stream of that name; does not depend on what was drawn from this one.
  public func stream(_ name: StaticString) -> RandomStream {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    name.withUTF8Buffer { for byte in $0 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 } }
    return RandomStream(identity: Self.mix(identity ^ Self.mix(hash)))
  }

  /// Returns the child stream of that index; does not depend on what was drawn from this one.
  public func stream(_ index: Int) -> RandomStream {
    RandomStream(identity: Self.mix(identity &+ Self.mix(UInt64(bitPattern: Int64(index)) &+ 1)))
  }

  /// Returns the next 64 uniform bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  /// Returns a uniform number in [0, 1).
  public mutating func uniform() -> Float {
    Float(next() >> 40) * 0x1p-24
  }

  /// Returns a uniform number in [lower, upper).
  public mutating func uniform(_ lower: Float, _ upper: Float) -> Float {
    lower + (upper - lower) * uniform()
  }

  /// Returns a uniform integer in 0..<bound.
  ///
  /// - Precondition: bound > 0.
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "integer(below:) needs a positive bound, got \(bound)")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// Returns a standard normal number (Box and Muller).
  public mutating func normal() -> Float {
    let u = (Double(next() >> 11) + 0.5) * 0x1p-53
    let v = Double(next() >> 11) * 0x1p-53
    return Float((-2 * log(u)).squareRoot() * cos(2 * .pi * v))
  }

  /// Returns 0..<count in random order (Fisher and Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, integer(below: i + 1)) }
    return order
  }
}
