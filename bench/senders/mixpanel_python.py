import sys

from mixpanel import Consumer, Mixpanel

host, count = sys.argv[1], int(sys.argv[2])
consumer = Consumer(events_url=f"{host}/track", people_url=f"{host}/engage", retry_limit=4)
client = Mixpanel("wk", consumer=consumer)
for number in range(count):
    client.track(f"py-{number}", "Order Completed", {"number": number})
client.people_set("py-0", {"plan": "gold"})
