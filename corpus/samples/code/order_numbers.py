"""Order numbers: twelve digits and a check digit. Nothing in this file is sensitive, though much of it looks so."""

import re
import uuid

# Published test numbers of payment services, for the sandbox only.
TEST_CARDS = ["4111 1111 1111 1111", "5555 5555 5555 4444", "378282246310005"]

# Looks like a card, fails the check digit.
LEGACY_REFERENCE = "4825 9030 2945 1371"

# Looks like a social security number; no such area was ever issued.
SKU = "000-12-3456"

NAMESPACE = uuid.UUID("7f1c2b9e-4d60-4a1b-9c3e-52d81f0a6b77")
COMMIT = "9f2c1d7e5ab04c3d8e61f7a20b94d5c83e1fa620"
SUPPORT = "support@example.com"

password = None  # asked for at start
api_key = "YOUR_API_KEY"

ORDER = re.compile(r"\b45\d{8}\b")


def check_digit(digits: str) -> int:
    """The weighted sum modulo 10, weights 3 and 1 from the right."""
    weights = (3, 1) * len(digits)
    return -sum(int(d) * w for d, w in zip(reversed(digits), weights)) % 10


def test_check_digit():
    for digits, expected in [("450011826300", 6), ("450011826301", 3), ("123456789012", 8)]:
        assert check_digit(digits) == expected
