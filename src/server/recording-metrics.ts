/** Metrics of the recording. */
import { Counter, Gauge, type Registry } from '@prometheus-io/client';
import type { RecordingMetrics } from './recording/recorder.ts';

export function createRecordingMetrics(registers: Registry[]): RecordingMetrics {
  const reviews = new Counter({
    name: 'tidewaiter_recorded_reviews_total',
    help: 'Reviews of the recording, each once: recorded (on the disk), repeated (counted on the disk with one of the same shape), unrecorded (a Secret), limited (its namespace has used its share), dropped (lost).',
    labelNames: ['result'],
    registers,
  });
  const bytes = new Counter({
    name: 'tidewaiter_recording_bytes_total',
    help: 'Compressed bytes that the recording has written.',
    registers,
  });
  const failing = new Gauge({
    name: 'tidewaiter_recording_failed',
    help: '1 if reviews cannot be recorded at the moment.',
    registers,
  });
  return {
    count({ bytes: written, ...counts }) {
      for (const [result, count] of Object.entries(counts)) if (count > 0) reviews.inc({ result }, count);
      if (written > 0) bytes.inc(written);
    },
    setFailing: (isFailing) => failing.set(isFailing ? 1 : 0),
  };
}
