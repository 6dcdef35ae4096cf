import { compileGlobs } from '../../image/glob.ts';
import { quoteValue } from '../../image/quote.ts';
import { type ImageReference, isPinned } from '../../image/reference.ts';
import { globFault } from '../glob-fault.ts';
import { TAG_GLOB } from '../glob-field.ts';
import type { Container } from '../../pod/containers.ts';
import { defineRule, type ParameterFault } from '../rule.ts';
import { checkImages, type ImageProblem, shortList } from './images.ts';

interface Parameters {
  readonly required?: boolean;
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly besideDigest?: 'ignore' | 'check';
}

interface TagLists {
  readonly required: boolean;
  readonly isDenied: (tag: string) => boolean;
  readonly isAllowed: (tag: string) => boolean;
  readonly allowed: string;
  readonly besideDigest: 'ignore' | 'check';
}

const TAG_GLOBS = {
  type: 'array',
  minItems: 1,
  items: {
    type: 'string',
    minLength: 1,
    editorPattern: '^[A-Za-z0-9_*][A-Za-z0-9_.*-]*$',
    hint: 'letters, digits, "_", ".", "-", and "*" for any number of characters',
  },
} as const;

/**
 * Without a tag and a digest, the tag is `latest`. With a digest, containerd and CRI-O ignore the tag, so the rule ignores it
 * unless the policy sets `besideDigest`.
 */
export const imageTag = defineRule({
  name: 'image-tag',
  description: 'Images have an allowed tag; without tag and digest, the tag is "latest"',
  docs: {
    why: 'Without a tag, Kubernetes uses "latest", which usually changes with every push. You can\'t determine later which version ran, and a rollback changes nothing.',
    remedy: 'Specify a version. Next to a digest, the tag is only informational.',
    example: {
      parameters: { required: true, deny: ['latest'] },
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: nginx:1.27
`,
      fail: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: nginx
`,
    },
  },
  parameters: {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    hint: 'for example {deny: [latest]}; for details, run tidewaiter explain rule image-tag',
    properties: {
      required: { type: 'boolean', description: 'If true, an image with neither tag nor digest is a violation' },
      allow: { ...TAG_GLOBS, description: 'Globs; a tag that matches none of them is a violation' },
      deny: { ...TAG_GLOBS, description: 'Globs; a tag that matches one of them is a violation' },
      besideDigest: {
        enum: ['ignore', 'check'],
        default: 'ignore',
        description: 'Whether to check a tag next to a digest, which container runtimes ignore',
      },
    },
  },
  needs: [],
  imagesOnly: true,
  prepare({ required, allow = [], deny = [], besideDigest = 'ignore' }: Parameters) {
    const faults = [...tagFaults('allow', allow, 'deny'), ...tagFaults('deny', deny, 'allow')];
    if (allow.length + deny.length === 0) faults.push(...withoutLists(required, besideDigest));
    if (faults.length > 0) return { ok: false, faults };
    const value: TagLists = {
      required: required ?? false,
      isDenied: compileGlobs(deny),
      isAllowed: allow.length === 0 ? () => true : compileGlobs(allow),
      allowed: shortList(allow),
      besideDigest,
    };
    return { ok: true, value };
  },
  check: (subject, lists) => checkImages(subject, tagCheck(lists)),
});

function withoutLists(
  required: boolean | undefined,
  besideDigest: Parameters['besideDigest'],
): readonly ParameterFault[] {
  if (besideDigest === 'check')
    return [{ pointer: '/besideDigest', problem: 'nothing to check next to a digest; add "allow" or "deny"' }];
  return required !== undefined
    ? []
    : [{ pointer: '', problem: 'nothing to check; set required: true, or add "allow" or "deny"' }];
}

function tagFaults(name: string, globs: readonly string[], opposite: string): readonly ParameterFault[] {
  return globs.flatMap((glob, index) => {
    const problem = globFault(glob, TAG_GLOB, opposite);
    return problem === undefined ? [] : [{ pointer: `/${name}/${index}`, problem }];
  });
}

/** Checks the tag that the author wrote if `pin` is about to add the digest, so that `check` has the same result. */
function tagToCheck(reference: ImageReference, { image }: Container, { besideDigest }: TagLists): string | undefined {
  const isWritten = image.state === 'parsed' && image.toBePinned === true;
  return isPinned(reference) && !isWritten && besideDigest === 'ignore' ? undefined : reference.effectiveTag;
}

/** Returns the check of one image. */
function tagCheck(lists: TagLists): (reference: ImageReference, container: Container) => ImageProblem | undefined {
  const remedy = lists.allowed === '' ? 'specify a version, for example :1.27' : `use an allowed tag: ${lists.allowed}`;
  return (reference, container) => {
    const tag = tagToCheck(reference, container, lists);
    if (tag === undefined) return undefined;
    const { imagePointer: pointer } = container;
    const image = `image ${quoteValue(reference.text)}`;
    const isImplied = reference.tag === undefined;
    if (isImplied && (lists.required || lists.isDenied(tag) || !lists.isAllowed(tag))) {
      return { pointer, message: `${image} has no tag and defaults to "latest"`, remedy };
    }
    if (lists.isDenied(tag)) return { pointer, message: `${image} uses tag "${tag}", which is not allowed`, remedy };
    if (lists.isAllowed(tag)) return undefined;
    return { pointer, message: `${image} uses tag "${tag}", which is not an allowed tag`, remedy };
  };
}
