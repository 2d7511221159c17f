/** Addresses for a notification event's channels, guessed from what is known at the block. */

import type { Json, Settings, Variable } from "./types";

const WORDS: Record<string, RegExp> = {
  email: /e?-?mail/i,
  sms: /phone|mobile|msisdn/i,
  whatsapp: /whatsapp|phone|mobile|msisdn/i,
  push: /push|device|token/i,
};

/** Whether no recipient has an address yet. */
export function isUnwritten(rows: Json | undefined): boolean {
  if (!Array.isArray(rows)) return true;
  return rows.every((row) => {
    const { whose, address } = (row as Settings | null) ?? {};
    return whose !== "person" && !(address as Settings | null | undefined)?.text;
  });
}

export function recipients(channels: readonly string[], variables: readonly Variable[]): Json[] {
  return channels.map((channel): Json => {
    const path = variables.find((one) => WORDS[channel]?.test(one.path.split(".").at(-1)!))?.path;
    if (path?.startsWith("profile.")) return { channel, whose: "person" };
    return { channel, address: { text: path ? `{{ ${path} }}` : "" } };
  });
}
