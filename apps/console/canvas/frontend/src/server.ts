/** Calls of the server: JSON in, JSON out. */

/** The person's session is over: the server wants a sign-in first. */
export class SignedOut extends Error {}

/** The server refused, and says why. */
export class Refused extends Error {}

const cookie = (name: string): string =>
  document.cookie
    .split("; ")
    .find((row) => row.startsWith(`${name}=`))
    ?.slice(name.length + 1) ?? "";

const TIMEOUT_MS = 90_000;

/** Raises SignedOut, Refused, or a TypeError where no server answers. */
export async function post<Answer>(url: string, body: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": cookie("csrftoken") },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  if (response.redirected || (response.status === 403 && !isJson)) throw new SignedOut();
  if (!isJson) throw new Refused(`The server answered ${response.status}.`);
  const answer = await response.json();
  if (!response.ok) throw new Refused(answer.error ?? `The server answered ${response.status}.`);
  return answer as Answer;
}
