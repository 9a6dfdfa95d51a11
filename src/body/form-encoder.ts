export { FormDataEncoder, isFile, isFormData } from 'form-data-encoder';
