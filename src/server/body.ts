/** From the bytes of a request to JSON: the one place to replace when reading must become cheaper. */

export type ReadBody =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string };

/** UTF-8, as RFC 8259 wants it. Duplicate keys: the last one counts, as for the API server. */
export function readBody(bytes: Buffer): ReadBody {
  try {
    return { ok: true, value: JSON.parse(bytes.toString('utf8')) };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, problem: `the body is not JSON${placeIn(error)}` };
    throw error;
  }
}

/** The engine's own message quotes the body, and a body can hold secrets. */
function placeIn(error: SyntaxError): string {
  const position = /at position (\d+)/.exec(error.message)?.[1];
  return position === undefined ? '' : `, from character ${position} on`;
}
