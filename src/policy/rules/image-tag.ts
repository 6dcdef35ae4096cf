import { compileGlobs } from '../../image/glob.ts';
import { quoteValue } from '../../image/quote.ts';
import { effectiveTag, type ImageReference } from '../../image/reference.ts';
import { defineRule } from '../rule.ts';
import { judgeReferences, rememberPassing, shortList } from './images.ts';

interface Parameters {
  readonly required?: boolean;
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

interface TagLists {
  readonly required: boolean;
  readonly isDenied: (tag: string) => boolean;
  readonly isAllowed: (tag: string) => boolean;
  readonly allowed: string;
}

const TAG_GLOBS = {
  type: 'array',
  minItems: 1,
  items: {
    type: 'string',
    pattern: '^[A-Za-z0-9_.*-]{1,128}$',
    hint: 'letters, digits, "_", ".", "-", and "*" for any of them',
  },
} as const;

/** Tags are named and of an accepted form. No tag and no digest means `latest`; an image with only a digest has no tag. */
export const imageTag = defineRule({
  name: 'image-tag',
  description: 'Tags are given and have an accepted form; no tag and no digest means "latest"',
  docs: {
    why: 'No tag means "latest", and "latest" means whatever was pushed last: nobody can tell later what ran, and a rollback brings back nothing.',
    remedy: 'Name a version. With a digest beside it the tag is only for people.',
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
    properties: {
      required: { type: 'boolean', description: 'Refuse an image with neither tag nor digest' },
      allow: { ...TAG_GLOBS, description: 'Globs; a tag that matches none of them is refused' },
      deny: { ...TAG_GLOBS, description: 'Globs; a tag that matches one of them is refused' },
    },
  },
  needs: [],
  prepare({ required = false, allow, deny = [] }: Parameters) {
    const lists: TagLists = {
      required,
      isDenied: compileGlobs(deny),
      isAllowed: allow === undefined ? () => true : compileGlobs(allow),
      allowed: shortList(allow ?? []),
    };
    return { ok: true, value: rememberPassing((reference) => judgeTag(reference, lists)) };
  },
  check: judgeReferences,
});

function judgeTag(reference: ImageReference, lists: TagLists): { message: string; remedy: string } | undefined {
  const tag = effectiveTag(reference);
  if (tag === undefined) return undefined;
  const image = `image ${quoteValue(reference.text)}`;
  const implied = reference.tag === undefined;
  const accepted =
    lists.allowed === '' ? 'name a version, for example :1.27' : `name a tag that is allowed: ${lists.allowed}`;
  if (implied && (lists.required || lists.isDenied(tag) || !lists.isAllowed(tag))) {
    return { message: `${image} has no tag, so it means "latest"`, remedy: accepted };
  }
  if (lists.isDenied(tag)) return { message: `${image} has the tag "${tag}", which is not allowed`, remedy: accepted };
  if (lists.isAllowed(tag)) return undefined;
  return { message: `${image} has the tag "${tag}", which is not among the allowed ones`, remedy: accepted };
}
