import sys

import segment.analytics as analytics

host, count = sys.argv[1], int(sys.argv[2])
delivered = []
analytics.write_key, analytics.host, analytics.debug = "wk", host, False
analytics.on_error = lambda error, items: print("lost", error, len(items), file=sys.stderr)
for number in range(count):
    analytics.track(f"py-{number}", "Order Completed", {"number": number})
analytics.shutdown()
