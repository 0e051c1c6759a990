"""What a deployment must keep to, checked by `pulumi preview --policy-pack policy_pack`."""

from .encryption import ENCRYPTED_AT_REST, ENCRYPTED_ON_THE_WAY
from .idle import FEW_ALARMS, FREE_WHILE_IDLE
from .permissions import NO_WILDCARD
from .protection import DATA_PROTECTED, VERSIONED
from .public import BUCKETS_BLOCK_PUBLIC_ACCESS, NOTHING_PUBLIC

POLICIES = [
    NOTHING_PUBLIC,
    BUCKETS_BLOCK_PUBLIC_ACCESS,
    ENCRYPTED_AT_REST,
    ENCRYPTED_ON_THE_WAY,
    NO_WILDCARD,
    FREE_WHILE_IDLE,
    FEW_ALARMS,
    DATA_PROTECTED,
    VERSIONED,
]
