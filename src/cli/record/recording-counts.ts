/** Counts what becomes a recording, for its report. */
import { isObject } from '../../pod/pointer.ts';
import type { RecordedFact, RecordedFacts } from '../../recording/facts.ts';
import type { RecordingSummary, RefusedRow } from '../../report/recording.ts';
import type { UnredactedLine } from '../../server/recording/recorded-lines.ts';
import type { Added } from './recording-output.ts';

type Example = RefusedRow['example'];

export interface RecordingCounts {
  read(number?: number): void;
  refuse(reason: string, example: Example, number?: number): void;
  add(line: UnredactedLine, added: Added, example: Example): void;
  summary(bytes: number): RecordingSummary;
  /** In the order of the table. */
  refused(descriptions: Readonly<Record<string, string>>): readonly RefusedRow[];
}

export function countRecording(): RecordingCounts {
  const sums = noSums();
  const times: { first: string | null; last: string | null } = { first: null, last: null };
  const refusals = new Map<string, { count: number; readonly example: Example }>();
  const refuse = (reason: string, example: Example, number = 1): void => {
    const known = refusals.get(reason);
    if (known !== undefined) known.count += number;
    else if (number > 0) refusals.set(reason, { count: number, example });
  };
  return {
    read: (number = 1) => void (sums.read += number),
    refuse,
    add(line, added, example) {
      if (added === 'unrecorded' || added === 'too-deep') return refuse(added, example);
      addTo(sums, line, added);
      if (times.first === null || line.time < times.first) times.first = line.time;
      if (times.last === null || line.time > times.last) times.last = line.time;
    },
    summary: (bytes) => ({ ...sums, bytes, ...times }),
    refused: (descriptions) =>
      Object.entries(descriptions).flatMap(([reason, description]) => {
        const found = refusals.get(reason);
        return found === undefined ? [] : [{ reason, description, ...found }];
      }),
  };
}

type Sums = { -readonly [Key in keyof Omit<RecordingSummary, 'bytes' | 'first' | 'last'>]: number };

function noSums(): Sums {
  return {
    read: 0,
    reviews: 0,
    lines: 0,
    create: 0,
    update: 0,
    withoutOldObject: 0,
    dryRun: 0,
    denied: 0,
    said: 0,
    unknownFacts: 0,
  };
}

function addTo(sums: Sums, { review, origin, said, facts }: UnredactedLine, added: Added): void {
  const request = isObject(review['request']) ? review['request'] : {};
  sums.reviews += 1;
  if (added === 'recorded') sums.lines += 1;
  if (request['operation'] === 'CREATE') sums.create += 1;
  else sums.update += 1;
  if (origin?.hasOldObject === false) sums.withoutOldObject += 1;
  if (request['dryRun'] === true) sums.dryRun += 1;
  if (origin?.admitted === false) sums.denied += 1;
  if (said !== undefined) sums.said += 1;
  sums.unknownFacts += unknownIn(facts);
}

function unknownIn({ namespaceLabels, serviceAccounts = [], pullSecrets = [], registry = [] }: RecordedFacts): number {
  const named: readonly { readonly fact: RecordedFact<unknown> | { readonly state: string } }[] = [
    ...(namespaceLabels === undefined ? [] : [{ fact: namespaceLabels }]),
    ...serviceAccounts,
    ...pullSecrets,
    ...registry,
  ];
  return named.filter(({ fact }) => fact.state === 'unknown').length;
}
