"""`python -m nostr_loyalty` is the command `nostr-loyalty`."""

import sys

from nostr_loyalty.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
