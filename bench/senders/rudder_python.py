import sys

import rudderstack.analytics as analytics

host, count = sys.argv[1], int(sys.argv[2])
analytics.write_key, analytics.dataPlaneUrl = "wk", host
analytics.on_error = lambda error, items: print("lost", error, len(items), file=sys.stderr)
for number in range(count):
    analytics.track(f"py-{number}", "Order Completed", {"number": number})
analytics.shutdown()
