/** The keys of recordings (`serve --record`). */
import { UserError } from '../error/user-error.ts';
import type { RecordingSettings } from '../recording/settings.ts';
import type { Key } from './key.ts';
import type { Value } from './values.ts';

type Given = (key: string) => Value;

const TEXT = { type: 'string', minLength: 1 } as const;
const TEXTS = { type: 'array', items: TEXT, default: [] } as const;

export const RECORDING_KEYS = {
  record: {
    schema: {
      ...TEXT,
      description:
        'Directory for recordings of reviews, relative to this file; without it, nothing is recorded. Secrets are removed (docs/recordings.md)',
    },
    variable: true,
    flag: { name: 'record', value: 'DIR', help: 'Record reviews in this directory, without secrets' },
    paths: ['record'],
    uses: [
      'recordSegmentMib',
      'recordSegmentMinutes',
      'recordTotalMib',
      'recordRate',
      'recordNamespaces',
      'recordExcludedNamespaces',
      'recordEach',
      'recordRedact',
    ],
    /** undefined: nothing is recorded. */
    read: { recording: recordingSettings },
  },
  recordSegmentMib: {
    schema: {
      type: 'integer',
      minimum: 1,
      maximum: 1024,
      hint: 'mebibytes from 1 to 1024',
      default: 64,
      description: 'Compressed size at which a file of a recording ends and the next one begins',
    },
    variable: true,
    flag: { name: 'recordSegmentMib', value: 'MIB', help: 'Size of each file of a recording, in MiB' },
  },
  recordSegmentMinutes: {
    schema: {
      type: 'integer',
      minimum: 1,
      maximum: 10_080,
      hint: 'minutes from 1 to 10080',
      default: 60,
      description: 'Age at which a file of a recording ends and the next one begins',
    },
    variable: true,
    flag: { name: 'recordSegmentMinutes', value: 'MINUTES', help: 'Age of each file of a recording, in minutes' },
  },
  recordTotalMib: {
    schema: {
      type: 'integer',
      minimum: 2,
      maximum: 1_048_576,
      hint: 'mebibytes from 2 to 1048576',
      default: 1024,
      description: 'Size of all recordings in the directory; beyond it, the oldest files are removed',
    },
    variable: true,
    flag: { name: 'recordTotalMib', value: 'MIB', help: 'Size of all recordings in the directory, in MiB' },
  },
  recordRate: {
    schema: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      hint: 'a number from 0 to 1',
      default: 1,
      description: 'Part of the reviews that are recorded, chosen at random',
    },
    variable: true,
    flag: { name: 'recordRate', value: 'RATE', help: 'Part of the reviews to record, from 0 to 1' },
  },
  recordNamespaces: {
    schema: {
      ...TEXTS,
      description:
        'Namespaces whose reviews are recorded, with * as a wildcard; without any, all namespaces and objects without a namespace',
    },
    variable: ',',
    flag: {
      name: 'recordNamespace',
      value: 'NAME',
      help: 'Record only reviews of this namespace, with * as a wildcard; repeatable',
      isRepeatable: true,
    },
  },
  recordExcludedNamespaces: {
    schema: { ...TEXTS, description: 'Namespaces whose reviews are not recorded, with * as a wildcard' },
    variable: ',',
    flag: {
      name: 'recordExcludedNamespace',
      value: 'NAME',
      help: 'Do not record reviews of this namespace, with * as a wildcard; repeatable',
      isRepeatable: true,
    },
  },
  recordEach: {
    schema: {
      enum: ['shape', 'review'],
      default: 'shape',
      description:
        'What gets a line in a recording: each review, or each shape (reviews that differ only in UIDs, times, and generated names are counted)',
    },
    variable: true,
    flag: {
      name: 'recordEach',
      value: 'shape|review',
      help: 'What gets a line: each review, or each shape, with a count of the reviews like it',
    },
  },
  recordRedact: {
    schema: {
      ...TEXTS,
      description: 'Names of more fields whose values are not recorded, at any depth of a review, for example args',
    },
    variable: ',',
    flag: {
      name: 'recordRedact',
      value: 'FIELD',
      help: 'Also remove the values of fields with this name; repeatable',
      isRepeatable: true,
    },
  },
} as const satisfies Readonly<Record<string, Key>>;

const MEBIBYTE = 1024 * 1024;
const MINUTE_MS = 60_000;

function recordingSettings({ value }: Value, given: Given): RecordingSettings | undefined {
  if (value === undefined) return undefined;
  const number = (key: string): number => Number(given(key).value);
  const texts = (key: string): readonly string[] => given(key).value as readonly string[];
  const [segment, total] = [number('recordSegmentMib'), number('recordTotalMib')];
  if (total < 2 * segment) {
    const { from } = given('recordTotalMib');
    const place = from === 'default' ? given('recordSegmentMib').from : from;
    throw new UserError(
      `${place}: all recordings (recordTotalMib, ${total} MiB) must have room for two files (recordSegmentMib, ${segment} MiB each)`,
    );
  }
  return {
    directory: value as string,
    segmentBytes: segment * MEBIBYTE,
    segmentMs: number('recordSegmentMinutes') * MINUTE_MS,
    totalBytes: total * MEBIBYTE,
    rate: number('recordRate'),
    namespaces: texts('recordNamespaces'),
    excludedNamespaces: texts('recordExcludedNamespaces'),
    each: given('recordEach').value === 'review' ? 'review' : 'shape',
    redact: texts('recordRedact'),
  };
}
