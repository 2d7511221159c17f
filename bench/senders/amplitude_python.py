import sys

from amplitude import Amplitude, BaseEvent

host, count = sys.argv[1], int(sys.argv[2])
client = Amplitude("wk")
client.configuration.server_url = f"{host}/2/httpapi"
client.configuration.callback = lambda event, code, message: code == 200 or print("lost", code, file=sys.stderr)
for number in range(count):
    client.track(BaseEvent("Order Completed", user_id=f"amplitude-py-{number}", event_properties={"number": number}))
client.flush()
client.shutdown()
