/** The text of `doctor`. */
import { expect, test } from 'vitest';
import { doctorReport, type DoctorFindingRow } from '../../src/report/doctor.ts';
import { prettyDoctor } from '../../src/report/doctor-text.ts';
import { paint } from '../../src/report/paint.ts';

const row = (change: Partial<DoctorFindingRow>): DoctorFindingRow => ({
  check: 'service',
  status: 'problem',
  subject: 'Service tidewaiter/tidewaiter',
  message: 'it has no port 443',
  reason: null,
  why: 'No review takes place.',
  remedy: 'kubectl apply',
  permission: null,
  ...change,
});

function text(findings: readonly DoctorFindingRow[]): string {
  const checks = findings.map(({ check: id, status }) => ({ id, title: id, status }));
  const probe = {
    webhook: 'w',
    namespace: 'default',
    failurePolicy: 'Fail',
    outcome: 'answered',
    latencyMs: 7,
  } as const;
  const probes = [{ ...probe, message: '', mutated: null }];
  return prettyDoctor(doctorReport({ server: 'https://a', namespace: 'n', probes, checks, findings }), paint(false));
}

test('shows what is wrong, why it matters, and the fix', () => {
  expect(text([row({})])).toBe(`https://a, namespace n
  probe of w in namespace default: answered in 7 ms (failurePolicy: Fail)

  problem  service  Service tidewaiter/tidewaiter: it has no port 443
                    No review takes place.
                    fix: kubectl apply

1 check: 0 ok, 1 problem, 0 unknown
`);
});

test('groups unknown results with one reason', () => {
  const unknown = { status: 'unknown', subject: null, reason: 'there is no response', remedy: null } as const;
  expect(text([row({ ...unknown, check: 'a' }), row({ ...unknown, check: 'b' })])).toContain(
    '  unknown  2 checks  there is no response\n                     a, b\n',
  );
});

test('escapes what a terminal interprets', () => {
  const shown = text([row({ subject: 'x\u001b[31m', message: 'a\u202eb\nnext \u0007' })]);
  expect(shown).toContain(String.raw`x\u001b[31m: a\u202eb`);
  expect(shown).toContain(String.raw`next \u0007`);
  expect(shown).not.toMatch(/[\u0007\u001b\u202e]/);
});
