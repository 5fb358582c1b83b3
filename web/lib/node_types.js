// @ts-check
/** The types of our nodes that the page has something to do with. */

export const PACK_PREFIX = "Drawbridge_";
export const SETTINGS_PREFIX = "Drawbridge_Settings"; // what the types of all settings begin with

export const CONNECT = "Drawbridge_Connect";
export const CONTROL_NET_HINT = "Drawbridge_ControlNetHint";
export const GENERATE = "Drawbridge_Generate";
export const IMPORT_CONFIGURATION = "Drawbridge_ImportConfiguration";
export const LOAD_MODEL = "Drawbridge_LoadModel";
export const LORA_STACK = "Drawbridge_LoRAStack";
export const MOODBOARD = "Drawbridge_Moodboard";
export const PROMPT = "Drawbridge_Prompt";
export const PROMPT_BATCH = "Drawbridge_PromptBatch";
export const SETTINGS_REFINER = "Drawbridge_SettingsRefiner";
export const SETTINGS_UPSCALER = "Drawbridge_SettingsUpscaler";
