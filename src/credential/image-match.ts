/**
 * The `matchImages` patterns of credential providers: the globs of the keyring, applied to the pattern as written (kubernetes
 * pkg/credentialprovider/keyring.go, URLsMatchStr).
 */
import { bytesOf } from '../go/bytes.ts';
import { hostTest, parseHostPath } from './registry-key.ts';

/** Compiles a pattern for registry and path; `undefined` if the pattern is not a URL, with which the kubelet does not start. */
export function imageMatch(pattern: string): ((repository: string) => boolean) | undefined {
  const wanted = parseHostPath(bytesOf(pattern));
  if (wanted === undefined) return undefined;
  const isHost = hostTest(wanted) ?? (({ host }) => host === wanted.host);
  return (repository) => {
    const image = parseHostPath(repository);
    return image !== undefined && isHost(image) && image.path.startsWith(wanted.path);
  };
}
