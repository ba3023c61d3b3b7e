"""Prints the orders that SampleOrderTests.swift holds its recorded values against.

An implementation of its own of Philox4x32-10, Lemire's bounded integers and the Fisher-Yates shuffle, in exact integer
arithmetic. Run: python3 Tests/DatasetsTests/permutations.py
"""

MASK32, MASK64 = 2**32 - 1, 2**64 - 1


def philox(key, counter):
    k0, k1 = key & MASK32, key >> 32
    c = [counter >> 32 * i & MASK32 for i in range(4)]
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [p1 >> 32 ^ c[1] ^ k0, p1 & MASK32, p0 >> 32 ^ c[3] ^ k1, p0 & MASK32]
        k0, k1 = k0 + 0x9E3779B9 & MASK32, k1 + 0xBB67AE85 & MASK32
    return c


# The known-answer tests of the generator's authors (Random123, kat_vectors).
assert philox(0, 0) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
assert philox(2**64 - 1, 2**128 - 1) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]


def fnv1a(name):
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 & MASK64
    return value


def draws(seed, stream, block):
    while True:
        w = philox(seed, stream << 64 | block)
        yield w[0] | w[1] << 32
        yield w[2] | w[3] << 32
        block += 1


def below(generator, bound):
    while True:
        product = next(generator) * bound
        if product & MASK64 >= 2**64 % bound:
            return product >> 64


def permutation(generator, count):
    order = list(range(count))
    for last in range(count - 1, 0, -1):
        other = below(generator, last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def epoch(seed, epoch, count):
    return permutation(draws(seed, fnv1a("shuffle"), epoch << 40), count)


if __name__ == "__main__":
    for seed, number, count in [(0, 0, 10), (1, 0, 10), (1, 1, 10), (2**63 + 5, 3, 17)]:
        print(f"seed {seed}, epoch {number}, count {count}: {epoch(seed, number, count)}")
    order = epoch(1, 2, 60_000)
    print("seed 1, epoch 2, count 60000:", order[:5], sum(i * v for i, v in enumerate(order)))
    partners = permutation(draws(0, fnv1a("MultiFashion.train"), 0), 60_000)
    print("partners:", partners[:5], sum(i * v for i, v in enumerate(partners)))
    large = draws(9, fnv1a("bounded"), 0)
    print("below 2**62 + 2**61 + 1:", [below(large, 2**62 + 2**61 + 1) for _ in range(6)])
    draw_count = draws(9, fnv1a("bounded"), 0)
    bound = 2**62 + 2**61 + 1
    print("rejected first draws:", [(next(draw_count) * bound & MASK64) < 2**64 % bound for _ in range(12)])
