/** `tidewaiter check`: the webhook's verdict on manifests, without a cluster. */
import type { Context } from '../admission/context.ts';
import { nameOf } from '../admission/message.ts';
import type { AdmissionRequest } from '../admission/request.ts';
import { validate } from '../admission/validate.ts';
import { compose } from '../compose.ts';
import { loadConfig } from '../config.ts';
import { loadManifests, type Manifest, namespacesIn } from '../files/manifests.ts';
import { apiVersionOf, type Workload, workloadOf } from '../pod/workload.ts';
import { type CheckReport, type ErrorRow, exitCode, type FailOn } from '../report/check.ts';
import { paint, prettyCheck } from '../report/pretty.ts';
import { type FindingRow, findingRow, type ImageRow, imageRow, type ObjectRow } from '../report/rows.ts';
import type { Terminal } from './terminal.ts';

export interface CheckFlags {
  readonly config?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
  readonly namespace: string;
  readonly output: 'pretty' | 'json';
  readonly failOn: FailOn;
}

export async function check(paths: readonly string[], flags: CheckFlags, terminal: Terminal): Promise<number> {
  const { config } = await loadConfig({ config: flags.config, policy: flags.policy, plugin: flags.plugin });
  const loaded = await loadManifests(paths, {
    kinds: config.kinds,
    namespace: flags.namespace,
    stdin: terminal.input(),
  });
  const { context, policySource } = await compose(config, { namespaces: namespacesIn(loaded.manifests) });
  const judged = await judgeAll(loaded.manifests, context);
  const errors = [...loaded.errors, ...judged.errors];
  const { findings, images, workloads } = judged;
  const report: CheckReport = {
    version: 1,
    summary: {
      files: loaded.files,
      documents: loaded.documents,
      workloads,
      images: images.length,
      denied: findings.filter(({ action }) => action === 'deny').length,
      warned: findings.filter(({ action }) => action === 'warn').length,
      unknown: findings.filter(({ outcome }) => outcome !== 'violation').length,
      errors: errors.length,
    },
    images,
    findings,
    errors,
  };
  terminal.out(
    flags.output === 'json'
      ? `${JSON.stringify(report, null, 2)}\n`
      : prettyCheck(report, policySource, paint(terminal.colours)),
  );
  return exitCode(report, flags.failOn);
}

interface Judged {
  workloads: number;
  readonly images: ImageRow[];
  readonly findings: FindingRow[];
  readonly errors: ErrorRow[];
}

async function judgeAll(manifests: readonly Manifest[], context: Context): Promise<Judged> {
  const judged: Judged = { workloads: 0, images: [], findings: [], errors: [] };
  const { signal } = new AbortController();
  for (const manifest of manifests) {
    const verdict = await validate(manifest.request, context, signal);
    if (verdict.outcome === 'malformed') {
      const { line, column } = manifest.positionOf(verdict.pointer);
      const { file, document } = manifest;
      judged.errors.push({ file, line, column, document, message: `${verdict.pointer || '/'}: ${verdict.problem}` });
      continue;
    }
    addImages(judged, manifest, verdict.outcome === 'judged' ? verdict.workload : unjudged(manifest.request, context));
    for (const finding of verdict.findings) judged.findings.push(findingRow(place(manifest, finding.pointer), finding));
  }
  return judged;
}

/** The images of a request that asks nothing (an object being deleted) are listed all the same. */
function unjudged({ object, type }: AdmissionRequest, { kinds }: Context): Workload | undefined {
  const read = object === undefined ? undefined : workloadOf(object, type, kinds);
  return read?.ok ? read.workload : undefined;
}

function addImages(judged: Judged, manifest: Manifest, workload: Workload | undefined): void {
  if (workload === undefined) return;
  judged.workloads += 1;
  for (const container of workload.containers) {
    judged.images.push(imageRow(place(manifest, container.imagePointer), container));
  }
}

function place(manifest: Manifest, pointer: string): ObjectRow {
  const { file, document, request } = manifest;
  const { line, column } = manifest.positionOf(pointer);
  return {
    file,
    line,
    column,
    document,
    apiVersion: apiVersionOf(request.type),
    kind: request.type.kind,
    namespace: request.namespace ?? null,
    name: nameOf(request),
  };
}
