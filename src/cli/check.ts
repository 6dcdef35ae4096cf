/** `tidewaiter check`: the webhook's verdict on manifests, without a cluster. */
import type { Context } from '../admission/context.ts';
import { nameOf } from '../admission/message.ts';
import type { AdmissionRequest } from '../admission/request.ts';
import { countUsage, type Usage, usageNotices } from '../admission/usage.ts';
import { validate } from '../admission/validate.ts';
import { compose } from '../compose.ts';
import { loadConfig } from '../config.ts';
import { loadManifests, type Manifest } from '../files/manifests.ts';
import { type LoadedPolicies, noticesAt } from '../files/policies.ts';
import { surroundingsIn } from '../files/surroundings.ts';
import { apiVersionOf, type Workload, workloadOf } from '../pod/workload.ts';
import { RULES } from '../policy/rules/index.ts';
import { type CheckReport, type ErrorRow, exitCode, type FailOn } from '../report/check.ts';
import { paint, prettyCheck } from '../report/pretty.ts';
import {
  type FindingRow,
  findingRow,
  type ImageRow,
  imageRow,
  type NoticeRow,
  noticeRow,
  type ObjectRow,
} from '../report/rows.ts';
import { VERSION } from '../version.ts';
import type { Terminal } from './terminal.ts';

export interface CheckFlags {
  readonly config?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly plugin?: readonly string[] | undefined;
  readonly namespace: string;
  readonly output: 'pretty' | 'json' | 'sarif' | 'junit' | 'github';
  readonly failOn: FailOn;
  /** Milliseconds since 1970. */
  readonly now?: number | undefined;
}

export async function check(paths: readonly string[], flags: CheckFlags, terminal: Terminal): Promise<number> {
  const { config } = await loadConfig({ config: flags.config, policy: flags.policy, plugin: flags.plugin });
  const loaded = await loadManifests(paths, {
    kinds: config.kinds,
    namespace: flags.namespace,
    stdin: terminal.input(),
  });
  const now = flags.now ?? Date.now();
  const { errors: secretErrors, ...ports } = surroundingsIn(loaded.manifests);
  const { context, policySource, loaded: policies } = await compose(config, { ...ports, now: () => now });
  const judged = await judgeAll(loaded.manifests, context);
  const asksSecrets = context.policies.some(({ needs }) => needs.has('pullSecrets'));
  const errors = [...loaded.errors, ...(asksSecrets ? secretErrors : []), ...judged.errors];
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
      unknown: findings.filter(({ outcome, action }) => outcome !== 'violation' && action !== 'excused').length,
      excused: findings.filter(({ action }) => action === 'excused').length,
      errors: errors.length,
    },
    images,
    findings,
    errors,
    notices: noticesOf(policies, judged.usage, now),
  };
  const { failOn, output } = flags;
  terminal.out(await RENDER[output](report, { failOn, policySource, colours: terminal.colours }));
  return exitCode(report, failOn);
}

interface Setting {
  readonly failOn: FailOn;
  readonly policySource: string;
  readonly colours: boolean;
}

type Render = (report: CheckReport, setting: Setting) => string | Promise<string>;

/** Formats for other programs are loaded when they are asked for. */
const RENDER: Readonly<Record<CheckFlags['output'], Render>> = {
  pretty: (report, { policySource, colours }) => prettyCheck(report, policySource, paint(colours)),
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
  sarif: async (report) => {
    const { sarifCheck } = await import('../report/sarif.ts');
    return sarifCheck(report, { rules: RULES, version: VERSION, folder: process.cwd() });
  },
  junit: async (report, { failOn }) => {
    const { junitCheck } = await import('../report/junit.ts');
    return junitCheck(report, failOn);
  },
  github: async (report, { policySource }) => {
    const { githubCheck } = await import('../report/github.ts');
    return githubCheck(report, { policySource, folder: process.cwd() });
  },
};

/** What policies are seen to be from their documents, from the calendar, and from what they did here. */
function noticesOf(loaded: LoadedPolicies, usage: Usage, now: number): readonly NoticeRow[] {
  const told = new Set(loaded.notices.map(({ kind, name }) => `${kind} ${name}`));
  const known = noticesAt(loaded, now, (name) => usage.exception(name).missed);
  // What can never apply needs no second line that says that it did not.
  const unused = usageNotices(loaded, usage, now).filter(({ kind, name }) => !told.has(`${kind} ${name}`));
  return [...known, ...unused.map(loaded.placed)].map(noticeRow);
}

interface Judged {
  readonly usage: Usage;
  workloads: number;
  readonly images: ImageRow[];
  readonly findings: FindingRow[];
  readonly errors: ErrorRow[];
}

async function judgeAll(manifests: readonly Manifest[], context: Context): Promise<Judged> {
  const usage = countUsage();
  const judged: Judged = { usage, workloads: 0, images: [], findings: [], errors: [] };
  const { signal } = new AbortController();
  for (const manifest of manifests) {
    const verdict = await validate(manifest.request, context, signal);
    if (verdict.outcome === 'malformed') {
      const { line, column } = manifest.positionOf(verdict.pointer);
      const { file, document } = manifest;
      judged.errors.push({ file, line, column, document, message: `${verdict.pointer || '/'}: ${verdict.problem}` });
      continue;
    }
    usage.add(verdict);
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
