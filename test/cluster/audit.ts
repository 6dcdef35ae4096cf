// The audit log of a control plane: what the API server wrote down about a request.
import { readFileSync } from 'node:fs';

import { vi } from 'vitest';

import type { ControlPlane } from './control-plane.ts';
import type { Reply } from './connection.ts';

/** The annotations of the request that got this answer; waits for them. */
export function auditAnnotations(plane: ControlPlane, { headers }: Reply): Promise<Readonly<Record<string, string>>> {
  const id = String(headers['audit-id']);
  return vi.waitFor(
    () => {
      const line = readFileSync(plane.auditLog, 'utf8')
        .split('\n')
        .find((text) => text.includes(`"auditID":"${id}"`));
      if (line === undefined) throw new Error(`the audit log has no request ${id}`);
      return (JSON.parse(line) as { readonly annotations: Readonly<Record<string, string>> }).annotations;
    },
    { timeout: 5000, interval: 20 },
  );
}
