declare module 'koa';
