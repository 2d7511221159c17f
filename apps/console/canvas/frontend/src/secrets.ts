/** Making a secret of the workspace from the canvas. */

import { page } from "./page";
import { post, Refused } from "./server";
import { check, failed, get, put, say } from "./store";
import type { NewSecret, Option } from "./model/types";

/** Gives why it was not made; empty: it was, and can be picked. */
export async function makeSecret(secret: NewSecret): Promise<string> {
  try {
    const { secrets } = await post<{ secrets: Option[] }>(page.urls.make_secret, secret);
    put({ sources: { ...get().sources, secrets } });
    say(`The secret “${secret.name}” is made.`);
    void check();
    return "";
  } catch (trouble) {
    if (trouble instanceof Refused) return trouble.message;
    failed(trouble, "Not made");
    return "It was not made: try again.";
  }
}
