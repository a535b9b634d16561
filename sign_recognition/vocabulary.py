"""The gestures of SHREC'17 (De Smedt et al. 2017): what the rendered signer performs and the live
model knows."""

# In the order of their numbers in the data set, 1 to 14.
GESTURES = (
    'Grab', 'Tap', 'Expand', 'Pinch', 'Rotation CW', 'Rotation CCW',
    'Swipe Right', 'Swipe Left', 'Swipe Up', 'Swipe Down',
    'Swipe X', 'Swipe +', 'Swipe V', 'Shake',
)  # fmt: skip

# The gesture that a left hand shows when it is the mirror image of a right hand showing this one.
MIRRORED = {
    'Rotation CW': 'Rotation CCW',
    'Rotation CCW': 'Rotation CW',
    'Swipe Right': 'Swipe Left',
    'Swipe Left': 'Swipe Right',
}
