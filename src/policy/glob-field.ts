/** The fields of policy documents that contain globs, each with the syntax of the names that it matches. */
import { canMatch, type Language } from '../image/glob-reach.ts';
import { ACCOUNT, LABEL, OBJECT_NAME, SUBDOMAIN, TAG, TEXT } from './name-language.ts';

export interface GlobField {
  /** `namespace` */
  readonly noun: string;
  readonly isLowercase: boolean;
  /** Reports whether the glob can match a valid name. */
  canMatch(glob: string): boolean;
  /** The syntax of the names, as a sentence fragment. */
  formOf(glob: string): string;
}

interface Wording {
  readonly noun: string;
  readonly form: string;
}

function nameField({ noun, form }: Wording, language: Language, isLowercase = true): GlobField {
  return { noun, isLowercase, canMatch: (glob) => canMatch(glob, language), formOf: () => `${noun}s ${form}` };
}

const LABEL_FORM = 'have lowercase letters, digits, and inner hyphens, at most 63 characters';
const SUBDOMAIN_FORM = 'have lowercase letters, digits, "-", and ".", at most 253 characters';
const TAG_FORM = 'have letters, digits, "_", ".", and "-", at most 128 characters, and begin with neither "." nor "-"';
const TEXT_FORM = 'have no whitespace around them and no control characters; only "*" is a special character';

export const NAMESPACE = nameField({ noun: 'namespace', form: LABEL_FORM }, LABEL);
export const CONTAINER_NAME = nameField({ noun: 'container name', form: LABEL_FORM }, LABEL);
export const OBJECT = nameField({ noun: 'object name', form: SUBDOMAIN_FORM }, OBJECT_NAME);
export const TAG_GLOB = nameField({ noun: 'tag', form: TAG_FORM }, TAG, false);

/** Names that Kubernetes defines. */
interface MadeName {
  readonly prefix: string;
  readonly form: string;
  canMatch(rest: string): boolean;
}

const USERS: readonly MadeName[] = [
  {
    prefix: 'system:serviceaccount:',
    form: 'a ServiceAccount is the user "system:serviceaccount:NAMESPACE:NAME"',
    canMatch: (rest) => canMatch(rest, ACCOUNT),
  },
  {
    prefix: 'system:node:',
    form: 'a node is the user "system:node:NAME"',
    canMatch: (rest) => canMatch(rest, SUBDOMAIN),
  },
  elsewhere('system:serviceaccounts', 'it is a group; put it under groups'),
  elsewhere('system:masters', 'it is a group; put it under groups'),
  elsewhere('system:nodes', 'it is a group; put it under groups'),
  elsewhere('system:authenticated', 'it is a group; put it under groups'),
];
const GROUPS: readonly MadeName[] = [
  {
    prefix: 'system:serviceaccounts:',
    form: 'the ServiceAccounts of a namespace are the group "system:serviceaccounts:NAMESPACE"',
    canMatch: (rest) => canMatch(rest, LABEL),
  },
  elsewhere('system:serviceaccount', 'it is a user; put it under users'),
  elsewhere('system:node', 'it is a user; put it under users'),
  elsewhere('system:anonymous', 'it is a user; put it under users'),
];

function elsewhere(prefix: string, form: string): MadeName {
  return { prefix, form, canMatch: (rest) => rest !== '' && !rest.startsWith(':') };
}

/**
 * Syntax of other glob languages and of regular expressions. Names could contain it, but never do. A dot before a star can end
 * a word: `john.*`.
 */
const FOREIGN = /^!|^\^|^\/.*\/$|(?:^|[^A-Za-z0-9])\.[*+]|\[[^\]]*\]|\{[^}]*,[^}]*\}|\([^)]*\|[^)]*\)|\?/u;

function textField(noun: string, made: readonly MadeName[]): GlobField {
  const madeFor = (glob: string): MadeName | undefined => made.find(({ prefix }) => glob.startsWith(prefix));
  return {
    noun,
    isLowercase: false,
    canMatch(glob) {
      const own = madeFor(glob);
      if (own !== undefined && !own.canMatch(glob.slice(own.prefix.length))) return false;
      return canMatch(glob, TEXT) && !FOREIGN.test(glob);
    },
    formOf: (glob) => madeFor(glob)?.form ?? `${noun}s ${TEXT_FORM}`,
  };
}

export const USER = textField('user name', USERS);
export const GROUP = textField('group name', GROUPS);
