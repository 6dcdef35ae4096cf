/** Reads the metrics of a replica, as JSON. */
import type { JsonObject } from '../pod/pointer.ts';
import { readNumber, readObject, readObjects, readString } from '../pod/read.ts';
import type { ReplicaMetrics } from './values.ts';

interface Sample {
  readonly value: number;
  readonly labels: JsonObject;
}

/** Without the time of the request. Throws a ShapeError. */
export function metricsIn(body: JsonObject): Omit<ReplicaMetrics, 'clock'> & { readonly time: number | undefined } {
  const metrics = readObjects(body, 'metrics', '');
  const samples = (name: string): readonly Sample[] =>
    metrics
      .filter((metric) => metric['name'] === name)
      .flatMap((metric) => readObjects(metric, 'values', '/metrics'))
      .map((sample) => ({
        value: readNumber(sample, 'value', '/metrics/values') ?? 0,
        labels: readObject(sample, 'labels', '/metrics/values') ?? {},
      }));
  const label = (name: string, key: string): string | undefined => {
    const [first] = samples(name);
    return first && readString(first.labels, key, '/metrics/values/labels');
  };
  /** A gauge without a value is 0. */
  const milliseconds = (name: string): number | undefined => {
    const [first] = samples(name);
    return first === undefined || first.value === 0 ? undefined : first.value * 1000;
  };
  const reviews = samples('tidewaiter_reviews_total').filter(({ labels }) => labels['endpoint'] === 'validate');
  return {
    version: label('tidewaiter_build_info', 'version'),
    reviews: reviews.reduce((sum, { value }) => sum + value, 0),
    byPolicy: new Map(
      samples('tidewaiter_policy_reviews_total').map(({ labels, value }) => [String(labels['policy']), value]),
    ),
    time: milliseconds('tidewaiter_time_seconds'),
    certificate: label('tidewaiter_certificate_info', 'fingerprint'),
    hasCertificateProblem: samples('tidewaiter_certificate_last_reload_successful').some(({ value }) => value === 0),
    generation: label('tidewaiter_policy_generation', 'generation'),
    loadedAt: milliseconds('tidewaiter_reload_last_success_timestamp_seconds'),
    hasReloadFailed: samples('tidewaiter_reload_failed').some(({ value }) => value === 1),
  };
}
