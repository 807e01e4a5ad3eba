/** The fields of all models' bodies that decide something here; each model's schema has checked its own. */
export interface FluxRequest {
  prompt: string;
  width?: number;
  height?: number;
  aspect_ratio?: string | null;
  input_image?: string | null;
  image?: string;
  top?: number;
  bottom?: number;
  left?: number;
  right?: number;
  seed?: number | null;
  output_format: 'jpeg' | 'png' | 'webp';
  webhook_url?: string | null;
  webhook_secret?: string | null;
}
