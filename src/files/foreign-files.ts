/** Which files of a directory are not meant for kubectl: values, workflows, templates, and other YAML and JSON that people keep beside manifests. */
import type { Input } from './input-texts.ts';
import { isReadByKubectl, isText, MISSING } from './load-text.ts';
import type { InputError, ObjectsAndErrors } from './manifest-objects.ts';
import { mayBeManifest, type SkippedFile } from './skipped-files.ts';

/** What happens to files without Kubernetes objects: `inDirectories` skips them, except those that the user named. */
export type SkipForeign = 'never' | 'inDirectories' | 'always';

export function canSkip({ named }: Pick<Input, 'named'>, skip: SkipForeign): boolean {
  return skip === 'always' || (skip === 'inDirectories' && !named);
}

type Why = SkippedFile['why'];

interface Loaded extends ObjectsAndErrors {
  readonly kustomizations: readonly unknown[];
  /** The errors that a template expression causes. */
  readonly templates: ReadonlySet<InputError>;
}

/** Returns why a file is skipped although it cannot be evaluated; undefined: it is evaluated, or its errors are reported. */
export function whyForeign(input: Input, loaded: Loaded): Why | undefined {
  const { manifests, kustomizations, errors, nonObjects, templates } = loaded;
  if (manifests.length + kustomizations.length > 0 || errors.length === 0) return undefined;
  const why = input.hidden ? 'hidden' : 'foreign';
  if ('problem' in input) return whyUnread(input);
  const left = errors.filter((error) => nonObjects.get(error) !== 'foreign');
  if (left.length === 0) return why;
  if (left.some((error) => nonObjects.has(error))) return undefined;
  if (!mayBeManifest(input.path, input.text)) return why;
  return left.every((error) => templates.has(error)) ? 'template' : undefined;
}

/** Leaves out the documents of a file that are templates, and reports whether there are any; the others are evaluated. */
export function leaveOutTemplates({ errors, templates }: Pick<Loaded, 'errors' | 'templates'>): boolean {
  const left = errors.filter((error) => !templates.has(error));
  const isPartly = left.length < errors.length;
  errors.splice(0, errors.length, ...left);
  return isPartly;
}

/** Returns why a file that cannot be read is skipped. A file that kubectl would read is an error, and so is a named path that does not exist. */
export function whyUnread({ problem, hidden, named }: UnreadInput): Why | undefined {
  if (problem === MISSING && named) return undefined;
  if (hidden) return isReadByKubectl(problem) ? undefined : 'hidden';
  if (problem === MISSING) return 'dangling';
  return isText(problem) ? undefined : 'foreign';
}

type UnreadInput = Extract<Input, { readonly problem: string }>;
