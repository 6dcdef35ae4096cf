/** Logs notices about loaded files, such as policies that never apply and exceptions that expire; they do not stop the server. */
import { type LoadedPolicies, noticesAt } from '../../files/policies.ts';
import type { ServerLog } from '../../server/log.ts';

export interface Notices {
  /** Logs the notices that the files before did not have. */
  log(policies: LoadedPolicies): void;
}

export function createNotices(log: ServerLog): Notices {
  let before: ReadonlySet<string> = new Set();
  return {
    log(policies) {
      const lines = linesOf(policies);
      for (const { fields, message } of lines) {
        if (!before.has(keyOf({ fields, message }))) log.warn(fields, message);
      }
      before = new Set(lines.map(keyOf));
    },
  };
}

interface Line {
  readonly fields: object;
  readonly message: string;
}

function keyOf({ fields, message }: Line): string {
  return JSON.stringify([fields, message]);
}

function linesOf(policies: LoadedPolicies): readonly Line[] {
  return [
    ...noticesAt(policies, Date.now()).map(({ kind, name, file, line, column, message }) => ({
      fields: { kind, name, place: `${file}:${line}:${column}` },
      message,
    })),
    ...policies.inputNotices.map(({ file, line, column, message }) => ({
      fields: { place: line === null ? file : `${file}:${line}:${column ?? 1}` },
      message,
    })),
  ];
}
