#!/usr/bin/env python3
"""Makes src/random/quantile_table.h, the polynomials of the float32 normal quantile. Needs numpy and mpmath.

    python3 tools/quantile_table.py > src/random/quantile_table.h

Piece 0 is odd around the median: z = q P(q^2), q = 1/2 - t <= 1/8. The others are a quarter of an octave of t each,
z = c0 + (y - y0) P(y - y0), y = q above t = 1/4 and y = t below. y0 is a float32 whose quantile is nearly one, too (the
accurate tables of S. Gal), so that c0 costs no accuracy; P interpolates at Chebyshev points and is rounded to float32.
"""
import mpmath as mp
import numpy as np

mp.mp.dps = 40
PIECES, DEGREE = 32, 4
QUARTER_OCTAVE = 1 << 21  # in the bits of a float32
HALF = mp.mpf("0.5")


def quantile(t):
    return mp.sqrt(2) * mp.erfinv(1 - 2 * mp.mpf(t))


def float_of(bits):
    return float(np.array([bits], dtype=np.uint32).view(np.float32)[0])


def bits_of(x):
    return int(np.array([x], dtype=np.float32).view(np.uint32)[0])


def rounded(x):
    return float(np.float32(float(x)))


def literal(x):
    text = f"{x:.9g}"  # nine digits tell all float32 values apart
    return (text if set(text) & set(".e") else text + ".0") + "f"


def chebyshev(a, b, n):
    return [(a + b) / 2 + (b - a) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * n)) for i in range(n)]


def interpolated(xs, ys):
    matrix = mp.matrix(len(xs), len(xs))
    for i, x in enumerate(xs):
        for j in range(len(xs)):
            matrix[i, j] = x**j
    return [rounded(c) for c in mp.lu_solve(matrix, mp.matrix(ys))]


def accurate_point(f, middle):
    """A float32 near `middle` whose f is within 1/500 ulp of a float32, and that float32."""
    best = None
    for step in range(-3000, 3001):
        x = float_of(bits_of(middle) + step)
        c0 = rounded(f(x))
        error = abs(f(x) - c0) / float(np.spacing(np.float32(c0)))
        if best is None or error < best[0]:
            best = (error, x, c0)
        if best[0] < 0.002:
            break
    return best[1:]


def piece(k):
    if k == 0:
        squares = chebyshev(mp.mpf(0), mp.mpf(1) / 64, DEGREE + 1)
        return [0.0, 0.0] + interpolated(squares, [quantile(HALF - mp.sqrt(s)) / mp.sqrt(s) for s in squares])
    bits = bits_of(0.375) - k * QUARTER_OCTAVE
    low, high = mp.mpf(float_of(bits)), mp.mpf(float_of(bits + QUARTER_OCTAVE))
    f = quantile
    if low >= 0.25:
        low, high, f = HALF - high, HALF - low, lambda q: quantile(HALF - q)
    y0, c0 = accurate_point(f, (low + high) / 2)
    xs = chebyshev(low - y0, high - y0, DEGREE + 1)
    return [y0, c0] + interpolated(xs, [(f(y0 + x) - c0) / x for x in xs])


def main():
    columns = list(zip(*[piece(k) for k in range(PIECES)]))
    names = ["y0", "c0"] + [f"c{i + 1}" for i in range(DEGREE + 1)]
    print("// Made by tools/quantile_table.py.")
    print("#pragma once\n\n// clang-format off")
    print("namespace fanin::random::quantile_table {\n")
    print("/// Pieces of the normal quantile: piece 0 for t >= 3/8, then a quarter of an octave of t each.")
    print(f"inline constexpr int kPieces = {PIECES};")
    print(f"inline constexpr float kLeast = {literal(float_of(bits_of(0.375) - (PIECES - 1) * QUARTER_OCTAVE))};"
          "  ///< where the last piece ends\n")
    for name, column in zip(names, columns):
        print(f"alignas(64) inline constexpr float {name}[kPieces] = {{")
        for i in range(0, PIECES, 4):
            print("    " + ", ".join(literal(v) for v in column[i:i + 4]) + ",")
        print("};")
    print("\n}  // namespace fanin::random::quantile_table")


if __name__ == "__main__":
    main()
