/** Redacts the arguments of a program: an option and its value can be two elements, or two words of a script. */
import { isSecretName } from './secret-names.ts';
import { type Found, hidden, MARKER, redactArgumentText } from './secret-texts.ts';

/** Returns one element for each. Elements that are not strings stay. */
export function redactArguments(list: readonly unknown[], found: Found): readonly unknown[] {
  const words = createWords(found);
  return list.map((element) => {
    if (typeof element !== 'string') return element;
    const value = words.next(element);
    if (value !== undefined) return value;
    if (startsWithSecretName(element)) return namedElement(element, found);
    return redactArgumentText(/\s/.test(element) ? redactScript(element, found) : element, found);
  });
}

/** `--password=…`, `DB_PASSWORD=…`, and `Authorization: …`: all that follows is the value. */
const STARTS_WITH_NAME = /^(?:--?)?([\w.$-]{1,200})(=|:\s{0,3})/;

function startsWithSecretName(element: string): boolean {
  const [, name = ''] = STARTS_WITH_NAME.exec(element) ?? [];
  return isSecretName(name);
}

function namedElement(element: string, found: Found): string {
  const { 0: start } = STARTS_WITH_NAME.exec(element) ?? [''];
  const value = element.slice(start.length);
  return value === '' ? element : start + hidden(value, found);
}

/** Words of a shell, and the signs between commands. */
const SHELL = /[;|&\n]|(?:"(?:[^"\\]|\\[^])*"|'[^']*'|[^\s;|&"'])+/g;

function redactScript(script: string, found: Found): string {
  const words = createWords(found);
  return script.replace(SHELL, (word) => {
    if (/^[;|&\n]$/.test(word)) {
      words.end();
      return word;
    }
    return words.next(word) ?? word;
  });
}

interface Words {
  /** Returns the redacted word if it is the value of an option; otherwise undefined. */
  next(word: string): string | undefined;
  /** The command ends. */
  end(): void;
}

/** Options of one letter that take a password, by program. */
interface ShortOptions {
  readonly programs: RegExp;
  /** The value is the next word. */
  readonly next?: RegExp;
  /** The value follows without a blank. */
  readonly attached?: RegExp;
}

const SHORT_OPTIONS: readonly ShortOptions[] = [
  { programs: /^(?:mysql|mariadb)[\w-]*$/, attached: /^-p(?=.)/ },
  { programs: /^(?:redis|valkey)-cli$/, next: /^-a$/ },
  { programs: /^sshpass$/, next: /^-p$/, attached: /^-p(?=.)/ },
  { programs: /^mongo[a-z]*$/, next: /^-p$/, attached: /^-p(?=.)/ },
  { programs: /^(?:docker|podman|nerdctl|skopeo|buildah|crane|oras|helm)$/, next: /^-p$/ },
  { programs: /^ldap(?:search|add|modify|delete|whoami|passwd)$/, next: /^-[ws]$/, attached: /^-w(?=.)/ },
  { programs: /^mosquitto_(?:pub|sub|rr)$/, next: /^-P$/ },
  { programs: /^rabbitmqadmin$/, next: /^-p$/ },
];

function createWords(found: Found): Words {
  let before = '';
  let program: ShortOptions | undefined;
  return {
    next(word) {
      const option = before;
      before = word;
      program = SHORT_OPTIONS.find(({ programs }) => programs.test(baseName(word))) ?? program;
      if (!isOption(word) && (takesSecret(option) || isShort(option, program))) return hiddenValue(option, word, found);
      const start = program?.attached?.exec(word)?.[0];
      return start === undefined ? undefined : start + hidden(word.slice(start.length), found);
    },
    end() {
      before = '';
      program = undefined;
    },
  };
}

function isShort(option: string, program: ShortOptions | undefined): boolean {
  return program?.next?.test(option) === true;
}

function baseName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}

/** `--password`, and `-u` of curl, whose value is `user:password`. */
function takesSecret(option: string): boolean {
  return /^--?[\w.-]+$/.test(option) && (isLogin(option) || isSecretName(option));
}

function isOption(word: string): boolean {
  return /^--?[A-Za-z][\w.-]*(?:=[^]*)?$/.test(word) || word === '';
}

function isLogin(option: string): boolean {
  return option === '-u' || option === '--user' || option === '--proxy-user';
}

function hiddenValue(option: string, value: string, found: Found): string | undefined {
  const colon = isLogin(option) ? value.indexOf(':') : -1;
  // A user without a password, or a numeric user.
  if (isLogin(option) && colon < 0) return undefined;
  const hiddenPart = hidden(value.slice(colon + 1), found);
  return hiddenPart === value.slice(colon + 1) ? value : `${value.slice(0, colon + 1)}${MARKER}`;
}
