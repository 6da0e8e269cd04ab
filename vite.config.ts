import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig } from "vite";

const root = resolve(import.meta.dirname, "frontend");

/** Every file directly in `src` or `styles` is an entry; folders and names with a leading `_` hold what they share. */
function entries(folder: string, extension: string): Record<string, string> {
  const files = readdirSync(resolve(root, folder), { withFileTypes: true })
    .filter((file) => file.isFile() && file.name.endsWith(extension))
    .filter((file) => !file.name.startsWith("_") && !file.name.endsWith(".d.ts"))
    .map((file) => file.name);
  return Object.fromEntries(files.map((name) => [`${folder}/${name}`, resolve(root, folder, name)]));
}

export default defineConfig(({ mode }) => ({
  root,
  // Django serves the result below STATIC_URL.
  base: "/static/",
  publicDir: false,
  build: {
    // bin/build_frontend.py builds beside the old result and swaps the two, so that a server never sees half of one.
    outDir: process.env.FRONTEND_OUT ?? resolve(root, "dist"),
    emptyOutDir: true,
    manifest: "manifest.json",
    // The oldest WebView that trainees use (domain, section 6).
    target: "chrome86",
    cssTarget: "chrome86",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: mode === "development",
    reportCompressedSize: false,
    rollupOptions: {
      input: { ...entries("src", ".ts"), ...entries("styles", ".scss") },
      output: {
        entryFileNames: (chunk) => `assets/${chunk.name.replace(/^.*\//, "").replace(/\.ts$/, "")}-[hash].js`,
        chunkFileNames: "assets/chunk-[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
  css: {
    preprocessorOptions: {
      scss: {
        loadPaths: [resolve(import.meta.dirname, "node_modules")],
        // Bootstrap 5.3 still uses @import and global functions; nothing of ours may.
        quietDeps: true,
        silenceDeprecations: ["import", "global-builtin", "color-functions", "if-function"],
      },
    },
  },
}));
