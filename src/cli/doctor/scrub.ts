import { homedir } from 'node:os'
import { fileURLToPath } from 'node:url'

const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url)).replace(/[\\/]$/, '')

/** A message of another program without what names the user or their folders, and not longer than a screen. */
export function scrub(text: string, home = homedir()): string {
  return (
    text
      .replaceAll(PACKAGE, '<multiscale>')
      .replaceAll(home === '/' ? PACKAGE : home, '~')
      // Other users' folders, and this one's by another name.
      .replace(/([\\/])(home|Users)[\\/][^\\/\s:'"]+/g, '$1$2$1…')
      .slice(0, 1500)
  )
}
