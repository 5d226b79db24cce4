/** Base64 to bytes, in Node and browsers. @throws Error for characters that are none of base64's */
export function decodeBase64(text: string): Uint8Array {
  let binary: string
  try {
    binary = atob(text)
  } catch (cause) {
    throw new Error('is not base64', { cause })
  }
  return Uint8Array.from(binary, (char) => char.charCodeAt(0))
}
