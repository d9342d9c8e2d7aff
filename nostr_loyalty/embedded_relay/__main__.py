"""`python -m nostr_loyalty.embedded_relay --listen 127.0.0.1:7777 --data DIR --parent-pid N`: see `child`."""

from nostr_loyalty.embedded_relay.child import main

if __name__ == "__main__":
    main()
