import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/**
 * Folder and version of a package that bench/package.json names, or one that is installed beside it.
 * @param from folder to look from: bench/, or that of a package whose dependency is meant
 * @throws Error saying how to install it
 */
export function installed(name, from = join(import.meta.dirname, '..')) {
  const folders = createRequire(join(from, 'package.json')).resolve.paths(name)
  for (const folder of folders) {
    try {
      const { version } = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8'))
      return { folder: join(folder, name), version }
    } catch {
      // not there
    }
  }
  throw new Error(`${name} is not installed here; run: npm install --prefix bench`)
}
