/**
 * Formats findings as SARIF 2.1.0 (OASIS) for code scanning: one run, each rule with its help, and one result per finding.
 */
import { pathToFileURL } from 'node:url';
import { SarifBuilder, SarifResultBuilder, SarifRuleBuilder, SarifRunBuilder } from 'node-sarif-builder';
import type { Rule } from '../policy/rule.ts';
import type { CheckReport, ErrorRow } from './check.ts';
import { placeIn } from './report-path.ts';
import { paint } from './paint.ts';
import { type FindingRow, findingText, rowLabel } from './rows.ts';
import { ruleMarkdown } from './rule-markdown.ts';
import { ruleText } from './rule-text.ts';

export interface SarifOptions {
  /** The rules to describe, with or without findings. */
  readonly rules: readonly Rule[];
  readonly version: string;
  /** The base directory of relative URIs. */
  readonly folder: string;
}

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
const ROOT = '%SRCROOT%';

export function sarifCheck(report: CheckReport, { rules, version, folder }: SarifOptions): string {
  const { findings, images, errors } = report;
  const run = new SarifRunBuilder({
    columnKind: 'utf16CodeUnits',
    // The base has no URI, so the same input gives the same report on every machine.
    originalUriBaseIds: { [ROOT]: { description: { text: 'The directory that tidewaiter ran in' } } },
    // Without a value, the builder guesses languages from file extensions.
    artifacts: [...new Set([...images, ...findings, ...errors].map(({ file }) => file))].map((file) => ({
      location: artifactOf(file, folder),
    })),
    invocations: [
      {
        executionSuccessful: errors.length === 0,
        toolExecutionNotifications: errors.map((error) => ({
          level: 'error',
          message: { text: plain(error.message) },
          locations: [{ physicalLocation: physical(error, folder) }],
        })),
      },
    ],
  }).initSimple({ toolDriverName: 'tidewaiter', toolDriverVersion: version });
  for (const rule of rules) run.addRule(descriptor(rule));
  const known = new Set(rules.map(({ name }) => name));
  for (const name of new Set(findings.map(({ rule }) => rule.toWellFormed()))) {
    if (!known.has(name)) run.addRule(new SarifRuleBuilder({ id: name, shortDescription: { text: name } }));
  }
  const compared = findings.some((row) => row.known);
  for (const row of findings) run.addResult(result(row, folder, compared));
  const log = new SarifBuilder({ $schema: SCHEMA });
  log.addRun(run);
  return `${JSON.stringify(log.buildSarifOutput(), wellFormed, 2)}\n`;
}

function descriptor(rule: Rule): SarifRuleBuilder {
  return new SarifRuleBuilder({
    id: rule.name,
    shortDescription: { text: rule.description },
    fullDescription: { text: rule.docs?.why ?? rule.description },
    // A rule denies unless its policy says otherwise.
    defaultConfiguration: { level: 'error' },
    help: { text: ruleText(rule, paint(false)), markdown: ruleMarkdown(rule) },
  });
}

const LEVELS = { deny: 'error', warn: 'warning', audit: 'note', excused: 'note' } as const;

/**
 * The level reflects the action, also for unknown results: a result of the kind "open" must have the level "none"
 * (section 3.27.10), so viewers would hide a denial. The properties contain the outcome.
 */
function result(row: FindingRow, folder: string, compared: boolean): SarifResultBuilder {
  const { policy, action, outcome, existing, pointer, image, container, name, namespace, kind, remedy } = row;
  return new SarifResultBuilder({
    ruleId: row.rule.toWellFormed(),
    kind: 'fail',
    level: LEVELS[row.exception?.insteadOf ?? action],
    ...suppressed(row),
    message: { text: plain(findingText(row)) },
    locations: [
      {
        physicalLocation: physical(row, folder),
        logicalLocations: [{ name: container ?? name, kind: 'resource', fullyQualifiedName: rowLabel(row) }],
      },
    ],
    partialFingerprints: { 'tidewaiter/v2': row.fingerprint },
    ...(compared ? { baselineState: row.known ? 'unchanged' : 'new' } : {}),
    properties: { policy, action, outcome, existing, kind, namespace, name, container, image, pointer, remedy },
  });
}

/** Suppresses a finding that an exception excuses; viewers close the alert with the reason (section 3.35). */
function suppressed({ exception }: FindingRow): object {
  if (exception === null) return {};
  const { name, owner, reason, expires } = exception;
  const justification = plain(`exception ${name} (owner ${owner}, expires ${expires}): ${reason}`);
  return { suppressions: [{ kind: 'external', status: 'accepted', justification }] };
}

interface Physical {
  readonly artifactLocation: Artifact;
  readonly region?: { readonly startLine: number; readonly startColumn: number };
}

function physical({ file, line, column }: Pick<ErrorRow, 'file' | 'line' | 'column'>, folder: string): Physical {
  const artifactLocation = artifactOf(file, folder);
  return line === null
    ? { artifactLocation }
    : { artifactLocation, region: { startLine: line, startColumn: column ?? 1 } };
}

interface Artifact {
  uri: string;
  uriBaseId?: string;
  description?: { text: string };
}

function artifactOf(file: string, folder: string): Artifact {
  const place = placeIn(folder, file.toWellFormed());
  if (place.at === 'stdin') return { uri: 'stdin', description: { text: 'standard input' } };
  if (place.at === 'outside') return { uri: pathToFileURL(place.path).href };
  return { uri: place.path.split('/').map(encodeURIComponent).join('/'), uriBaseId: ROOT };
}

/** Breaks `[text](target)`, which would be a link (section 3.11.6), because the text comes from the input. */
function plain(text: string): string {
  return text.replaceAll('](', '] (');
}

/** JSON allows lone surrogates, but strict parsers reject them. */
function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value;
}
