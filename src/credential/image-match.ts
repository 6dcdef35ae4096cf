/** The `matchImages` of a credential provider: the keyring's globs, on a pattern as it is written (kubernetes pkg/credentialprovider/keyring.go, URLsMatchStr). */
import { bytesOf } from '../go/bytes.ts';
import { hostTest, parseHostPath } from './registry-key.ts';

/** Tells by registry and path; `undefined` when the pattern is no URL, which the kubelet does not start with. */
export function imageMatch(pattern: string): ((repository: string) => boolean) | undefined {
  const wanted = parseHostPath(bytesOf(pattern));
  if (wanted === undefined) return undefined;
  const isHost = hostTest(wanted) ?? (({ host }) => host === wanted.host);
  return (repository) => {
    const image = parseHostPath(repository);
    return image !== undefined && isHost(image) && image.path.startsWith(wanted.path);
  };
}
