/** The bytes are not a media file, or not a whole one. The message says what they are instead; it quotes nothing of them. */
export class InvalidMediaError extends Error {
  override readonly name = 'InvalidMediaError';
}
