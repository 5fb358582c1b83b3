"""How Draw Things counts the sizes of pictures."""

# The wire, specifications and tiles count in blocks of so many pixels a side (docs/configuration.md
# 1), and no picture has part of one.
BLOCK_PX = 64
# The side of the square that a model was trained on, where neither its specification nor its
# version says it.
USUAL_SIZE_PX = 1024
