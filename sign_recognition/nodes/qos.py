"""Quality of service per topic: images drop rather than queue, events arrive, facts stay."""

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

IMAGE = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
# Where images wait for their landmarks, none may take the place of another.
CLIP_IMAGE = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
NEWEST_LANDMARKS = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
LANDMARKS = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
SCORES = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
EVENTS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
CLOCK = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
COMMAND = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
