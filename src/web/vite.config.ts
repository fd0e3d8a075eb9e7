import { defineConfig, type Plugin } from 'vite'

/** `npm run dev` answers /api/ from the mock; with UVS_DASHBOARD=http://127.0.0.1:9100 from a director. */
function mock(): Plugin {
  return {
    name: 'uvs-mock',
    apply: 'serve',
    async configureServer(server) {
      if (process.env['UVS_DASHBOARD']) return
      const loaded = (await server.ssrLoadModule('/mock/mock-api.ts')) as typeof import('./mock/mock-api.ts')
      const api = new loaded.MockApi()
      server.middlewares.use((request, response, next) => {
        if (!api.answer(request, response)) next()
      })
    },
  }
}

export default defineConfig({
  plugins: [mock()],
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  server: { ...(process.env['UVS_DASHBOARD'] && { proxy: { '/api': process.env['UVS_DASHBOARD'] } }) },
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    // No file may become a data: address, nor any script inline: the content security policy refuses both.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { output: { manualChunks: undefined } },
  },
})
