"""For tests of your own `process`, without AWS and without Pulumi:

from silent_scalper.testing import file_from

assert process(file_from(b"id,name\\n1,Ada\\n", "orders.csv")) == {"columns": 2}
"""

# In the installed package the Lambda code lies within; in a checkout it is a neighbour.
from .handler.testing import file_from  # type: ignore[import-not-found]

__all__ = ["file_from"]
