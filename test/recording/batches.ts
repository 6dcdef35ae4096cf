/** What the recording thread gets, for tests. */
import type { RecordingSettings } from '../../src/recording/settings.ts';
import { addTo, createBlock, sizeOf } from '../../src/server/recording/batch.ts';
import type { WriterSettings } from '../../src/server/recording/settings.ts';
import { createReview } from '../support/review.ts';
import { POD } from './lines.ts';

const MIB = 1024 * 1024;

export function settingsFor(directory: string, rest: Partial<RecordingSettings> = {}): WriterSettings {
  return {
    directory,
    segmentBytes: 64 * MIB,
    segmentMs: 3_600_000,
    totalBytes: 1024 * MIB,
    rate: 1,
    namespaces: [],
    excludedNamespaces: [],
    each: 'shape',
    redact: [],
    version: '0.1.0',
    hashKey: 'k',
    ...rest,
  };
}

export function answerTo(uid: string, allowed = true): string {
  const response = { uid, allowed, auditAnnotations: { decision: allowed ? 'allow' : 'deny' } };
  return JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response });
}

export interface Sent {
  readonly time?: number;
  readonly pod?: object;
  readonly uid?: string;
  readonly dropped?: number;
  readonly allowed?: boolean;
}

export function batchOf(reviews: readonly Sent[]): Buffer {
  const parts = reviews.map(({ time = 0, pod = POD, uid = 'u', dropped = 0, allowed = true }) => {
    const body = Buffer.from(JSON.stringify(createReview(pod, { uid })));
    const answer = answerTo(uid, allowed);
    const note = { time, endpoint: 'validate', durationMs: 1, answer, facts: { sources: [] }, dropped };
    return { note: JSON.stringify(note), body };
  });
  const block = createBlock(parts.reduce((sum, { note, body }) => sum + sizeOf(note, body), 0));
  for (const { note, body } of parts) addTo(block, note, body);
  return block.bytes.subarray(0, block.used);
}
